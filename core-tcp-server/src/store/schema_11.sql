-- Version 11: of the variables of a run only the names are kept.

UPDATE runs
SET request = json_set(json_remove(request, '$.env'), '$.env_names',
                       json((SELECT json_group_array(key) FROM json_each(runs.request, '$.env'))))
WHERE json_type(request, '$.env') = 'object';
