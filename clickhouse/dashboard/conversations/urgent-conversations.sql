-- Conversations that are urgent now, those that changed last first.
SELECT
    conversation_id,
    if(names.clinic_name = '', toString(urgent.clinic_code), names.clinic_name) AS clinic,
    toString(urgent.status) AS status,
    urgent.tags AS tags,
    urgent.is_sensitive AS is_sensitive,
    urgent.since AS since
FROM
(
    SELECT conversation_id, clinic_code, status, tags, is_sensitive, valid_from AS since
    FROM conversations.dim_conversations_current
    WHERE is_urgent AND toDate(valid_from) BETWEEN {from:Date} AND {to:Date}
        AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
    ORDER BY valid_from DESC, conversation_id
    LIMIT 50
) AS urgent
LEFT JOIN conversations.dim_clinics_current AS names ON names.clinic_code = urgent.clinic_code
ORDER BY since DESC, conversation_id
