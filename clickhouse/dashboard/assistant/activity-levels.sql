-- Choices of the filter: the levels that sessions can have.
SELECT choice.1 AS value, choice.2 AS label
FROM (SELECT arrayJoin([('minimal', 'minimal (up to 5 messages)'), ('light', 'light (up to 20)'), ('moderate', 'moderate (up to 50)'), ('heavy', 'heavy (more)')]) AS choice) AS choices
