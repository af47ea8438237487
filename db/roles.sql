-- What each service may do in the database: applied after the migrations, and again at every start, so that a dump that was
-- restored into a new cluster and tables that were added since are covered. Nobody but the owner makes or changes objects,
-- reads or writes files of the server, or starts programs there.

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public, ops FROM {services};
GRANT USAGE ON SCHEMA public, ops TO {services};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public, ops TO {services};
GRANT SELECT ON ALL TABLES IN SCHEMA public, ops TO {services};

GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, ops TO satellite_operation_server;
GRANT INSERT, UPDATE ON ALL TABLES IN SCHEMA public, ops TO satellite_analysis_server;
GRANT INSERT, UPDATE ON ops.relay_cursors TO satellite_verdict_relay;
GRANT INSERT, UPDATE, DELETE ON ops.refused_verdicts TO satellite_verdict_relay;
GRANT INSERT, UPDATE, DELETE ON ops.anomaly_alerts, ops.alert_heads, ops.alert_checkpoints TO satellite_verdict_relay;
GRANT DELETE ON ops.deleted_verdicts TO satellite_verdict_relay;
GRANT INSERT, UPDATE, DELETE ON ops.refused_values, ops.wrong_clocks TO satellite_kafka_inference_trigger;
GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, ops TO satellite_housekeeping;
GRANT DELETE ON ops.calibrations TO satellite_analysis_server;
GRANT INSERT, UPDATE ON ops.alarms, ops.alarm_contacts TO satellite_alarm_server;
GRANT INSERT, UPDATE, DELETE ON ops.alarm_tracks TO satellite_alarm_server;
GRANT INSERT ON ops.alarm_events TO satellite_alarm_server;
GRANT DELETE ON ops.alarm_suppressions TO satellite_alarm_server;

-- History is added to, never rewritten; what tells the schema's state belongs to the migrations.
REVOKE INSERT, UPDATE, DELETE ON ops.schema_migrations, ops.cluster FROM {services};
REVOKE UPDATE, DELETE ON ops.alert_acknowledgements FROM {services};
REVOKE UPDATE, DELETE ON ops.alarm_events FROM satellite_operation_server;
REVOKE INSERT, DELETE ON ops.alarms FROM satellite_operation_server;
REVOKE INSERT, UPDATE, DELETE ON ops.alarm_states FROM {services};
REVOKE INSERT, UPDATE, DELETE ON ops.alarm_tracks, ops.alarm_contacts FROM satellite_operation_server, satellite_analysis_server;
REVOKE INSERT, UPDATE, DELETE ON ops.alarms, ops.alarm_events, ops.alarm_suppressions FROM satellite_analysis_server;
REVOKE INSERT, UPDATE ON ops.alarms, ops.alarm_events, ops.alarm_suppressions, ops.alarm_tracks, ops.alarm_contacts FROM satellite_housekeeping;
REVOKE UPDATE ON ops.revised_inferences FROM {services};
REVOKE DELETE ON ops.revised_inferences FROM satellite_operation_server;
REVOKE INSERT ON ops.alert_acknowledgements FROM satellite_analysis_server;
REVOKE INSERT, UPDATE ON ops.relay_cursors FROM satellite_operation_server, satellite_analysis_server;
REVOKE INSERT, UPDATE, DELETE ON ops.refused_verdicts, ops.refused_values, ops.wrong_clocks FROM satellite_operation_server, satellite_analysis_server;
REVOKE INSERT, UPDATE ON ops.refused_verdicts, ops.refused_values, ops.wrong_clocks, ops.idempotency_keys, ops.alert_acknowledgements, ops.revised_inferences FROM satellite_housekeeping;
REVOKE INSERT, UPDATE, DELETE ON ops.anomaly_alerts, ops.alert_heads, ops.alert_checkpoints FROM satellite_operation_server, satellite_analysis_server;
REVOKE INSERT, UPDATE ON ops.anomaly_alerts, ops.alert_heads, ops.alert_checkpoints FROM satellite_housekeeping;
REVOKE INSERT, UPDATE, DELETE ON ops.calibrations, ops.learning_progress FROM satellite_operation_server;
REVOKE INSERT, DELETE ON ops.calibrations FROM satellite_housekeeping;
REVOKE ALL ON ops.idempotency_keys FROM satellite_analysis_server, satellite_verdict_relay, satellite_kafka_inference_trigger, satellite_alarm_server;

-- Pipeline shows the age of the oldest transaction, whoever's it is.
GRANT pg_read_all_stats TO satellite_operation_server;
