-- Choices of the filter: the domains that the catalogue describes.
SELECT DISTINCT domain AS value, domain AS label
FROM orchestrator.catalogue
ORDER BY label
LIMIT 100
