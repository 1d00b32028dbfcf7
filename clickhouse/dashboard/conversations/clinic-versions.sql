-- Every version of a clinic that held on one of the days, the newest first.
SELECT
    clinic_code,
    if(clinic_name = '', 'unknown', clinic_name) AS clinic_name,
    toString(clinic_type) AS clinic_type,
    toString(timezone) AS timezone,
    version,
    valid_from,
    if(is_current, NULL, valid_to) AS valid_to
FROM conversations.dim_clinics
WHERE toDate(valid_from) <= {to:Date} AND (is_current OR toDate(valid_to) >= {from:Date})
    AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
ORDER BY valid_from DESC, clinic_code, version
LIMIT 200
