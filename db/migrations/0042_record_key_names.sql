-- Beside who says to have done it: whose API key did.
ALTER TABLE ops.alarm_events ADD COLUMN key_name varchar(100);
ALTER TABLE ops.shift_entries ADD COLUMN key_name varchar(100);
ALTER TABLE ops.limit_changes ADD COLUMN key_name varchar(100);
ALTER TABLE ops.limit_set_changes ADD COLUMN key_name varchar(100);
ALTER TABLE ops.contact_plan_changes ADD COLUMN key_name varchar(100);
ALTER TABLE ops.retirement_changes ADD COLUMN key_name varchar(100);
ALTER TABLE ops.dead_letters ADD COLUMN handled_with_key varchar(100);
COMMENT ON COLUMN ops.alarm_events.key_name IS 'Of the API key that was sent; NULL = it has no name, or none was asked for';
COMMENT ON COLUMN ops.dead_letters.handled_with_key IS 'Its name';
