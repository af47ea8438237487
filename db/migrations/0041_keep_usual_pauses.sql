-- When the subsystems and channels of a satellite were heard, and how long they usually pause: each may fall silent.
ALTER TABLE ops.alarm_contacts ADD COLUMN tracks jsonb, ADD COLUMN patience_s jsonb;
COMMENT ON COLUMN ops.alarm_contacts.tracks IS 'What came together until now, each with its newest pauses, as of a minute ago; NULL: not known yet';
COMMENT ON COLUMN ops.alarm_contacts.patience_s IS 'For how long the satellite (an empty name) and its subsystems may pause; one that is not there has no usual pause';

-- One pause as long as the interval that was known: it holds until others are heard.
UPDATE ops.alarm_contacts SET tracks = jsonb_build_array(jsonb_build_object(
    'sources', '[["", ""]]'::jsonb,
    'first_us', heard.newest_us - heard.pause_us,
    'newest_us', heard.newest_us,
    'resumed_us', heard.newest_us - heard.pause_us,
    'pauses_us', jsonb_build_array(jsonb_build_array(heard.newest_us, heard.pause_us))
))
FROM (
    SELECT
        satellite_id,
        (extract(EPOCH FROM received_at) * 1000000)::bigint AS newest_us,
        (interval_s * 1000000)::bigint AS pause_us
    FROM ops.alarm_contacts WHERE interval_s > 0
) AS heard
WHERE heard.satellite_id = alarm_contacts.satellite_id;

ALTER TABLE ops.alarm_contacts DROP COLUMN interval_s;
