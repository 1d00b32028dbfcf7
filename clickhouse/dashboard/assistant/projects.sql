-- Choices of the filter.
SELECT project_id AS value, project_id AS label
FROM assistant.dim_projects
ORDER BY label
LIMIT 5000
