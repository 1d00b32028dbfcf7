-- Choices of the filter: every clinic that has been named, by its last name; deleted ones have messages still.
SELECT
    clinic_code AS value,
    if(argMax(clinic_name, valid_from) = '', clinic_code, argMax(clinic_name, valid_from)) AS label
FROM conversations.dim_clinics
GROUP BY clinic_code
ORDER BY label, value
LIMIT 5000
