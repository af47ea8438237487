-- What each service may do in the database: what its statements do, table by table. Applied after the migrations, and again
-- at every start, so that a dump that was restored into a new cluster, and what an earlier release allowed, are covered.
-- Nobody but the owner makes or changes objects, reads or writes files of the server, or starts programs there.

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public, ops FROM {services};
GRANT USAGE ON SCHEMA public, ops TO {services};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public, ops TO {services};

GRANT SELECT ON
    inference_jobs, inference_results, subsystem_inferences,
    ops.alert_acknowledgements, ops.alert_heads, ops.calibrations, ops.cluster, ops.dead_letters, ops.idempotency_keys,
    ops.learning_progress, ops.live_jobs, ops.live_verdicts, ops.refused_values, ops.refused_verdicts, ops.relay_cursors,
    ops.schema_migrations
TO satellite_operation_server;
GRANT INSERT ON inference_jobs, inference_results, subsystem_inferences TO satellite_operation_server;
GRANT INSERT ON ops.dead_letters, ops.idempotency_keys TO satellite_operation_server;
GRANT UPDATE ON ops.idempotency_keys TO satellite_operation_server;
GRANT UPDATE, DELETE ON ops.dead_letters TO satellite_operation_server;
GRANT SELECT ON
    ops.alarms, ops.alarm_contacts, ops.alarm_events, ops.alarm_feedback, ops.alarm_states, ops.alarm_suppressions,
    ops.grouped_alarms
TO satellite_operation_server;
GRANT UPDATE ON ops.alarms TO satellite_operation_server;
GRANT INSERT ON ops.alarm_events TO satellite_operation_server;
GRANT INSERT, UPDATE, DELETE ON ops.alarm_suppressions TO satellite_operation_server;
GRANT SELECT, INSERT ON ops.limit_changes, ops.retirement_changes, ops.shift_entries TO satellite_operation_server;
GRANT SELECT ON ops.retirements TO satellite_operation_server;
GRANT SELECT, INSERT, DELETE ON ops.passes TO satellite_operation_server;
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.contact_plans TO satellite_operation_server;
GRANT SELECT, INSERT ON ops.contact_plan_changes TO satellite_operation_server;
-- Pipeline shows the age of the oldest transaction, whoever's it is.
GRANT pg_read_all_stats TO satellite_operation_server;

GRANT SELECT ON
    inference_jobs, inference_results, subsystem_inferences,
    ops.alarm_feedback, ops.alert_heads, ops.anomaly_alerts, ops.calibrations, ops.cluster, ops.learning_progress,
    ops.limit_changes
TO satellite_analysis_server;
GRANT INSERT, UPDATE ON inference_jobs, inference_results, subsystem_inferences TO satellite_analysis_server;
GRANT INSERT ON ops.revised_inferences TO satellite_analysis_server;
GRANT INSERT, UPDATE, DELETE ON ops.calibrations TO satellite_analysis_server;
GRANT INSERT, UPDATE ON ops.learning_progress TO satellite_analysis_server;

GRANT SELECT ON
    inference_jobs, subsystem_inferences,
    ops.cluster, ops.deleted_verdicts, ops.refused_verdicts, ops.relay_cursors
TO satellite_verdict_relay;
GRANT DELETE ON ops.deleted_verdicts TO satellite_verdict_relay;
GRANT INSERT, UPDATE, DELETE ON ops.refused_verdicts TO satellite_verdict_relay;
GRANT INSERT, UPDATE ON ops.relay_cursors TO satellite_verdict_relay;

GRANT SELECT ON
    inference_jobs, inference_results, subsystem_inferences,
    ops.alarms, ops.alarm_contacts, ops.alarm_events, ops.alarm_tracks, ops.alert_checkpoints, ops.alert_heads,
    ops.calibrations, ops.cluster, ops.deleted_verdicts, ops.idempotency_keys, ops.learning_progress, ops.notifications,
    ops.passes, ops.refused_values, ops.refused_verdicts, ops.relay_cursors, ops.resent_tasks, ops.retirements,
    ops.revised_inferences, ops.wrong_clocks
TO satellite_housekeeping;
GRANT INSERT, UPDATE, DELETE ON inference_jobs, subsystem_inferences TO satellite_housekeeping;
GRANT INSERT, UPDATE ON inference_results, ops.resent_tasks TO satellite_housekeeping;
GRANT UPDATE ON ops.calibrations, ops.relay_cursors TO satellite_housekeeping;
GRANT UPDATE, DELETE ON ops.learning_progress TO satellite_housekeeping;
GRANT DELETE ON
    ops.alarms, ops.alarm_contacts, ops.alarm_events, ops.alarm_tracks, ops.alert_checkpoints, ops.alert_heads,
    ops.deleted_verdicts, ops.idempotency_keys, ops.notifications, ops.passes, ops.refused_values, ops.refused_verdicts, ops.revised_inferences, ops.wrong_clocks
TO satellite_housekeeping;

GRANT SELECT, INSERT, UPDATE, DELETE ON ops.refused_values, ops.wrong_clocks TO satellite_kafka_inference_trigger;
GRANT SELECT ON ops.limit_changes TO satellite_kafka_inference_trigger;

GRANT SELECT ON
    inference_jobs, subsystem_inferences,
    ops.alarms, ops.alarm_contacts, ops.alarm_suppressions, ops.alarm_tracks, ops.alert_checkpoints, ops.alert_heads,
    ops.cluster, ops.grouped_alarms, ops.live_jobs, ops.relay_cursors, ops.wrong_clocks
TO satellite_alarm_server;
GRANT SELECT ON ops.alarm_states, ops.limit_changes, ops.retirement_changes, ops.retirements TO satellite_alarm_server;
GRANT SELECT ON ops.contact_plan_changes, ops.contact_plans, ops.passes TO satellite_alarm_server;
GRANT UPDATE ON ops.passes TO satellite_alarm_server;
GRANT INSERT, UPDATE ON ops.alarms, ops.relay_cursors TO satellite_alarm_server;
GRANT INSERT, UPDATE, DELETE ON
    ops.alarm_contacts, ops.alarm_tracks, ops.alert_checkpoints, ops.alert_heads, ops.grouped_alarms
TO satellite_alarm_server;
GRANT SELECT, INSERT ON ops.alarm_events TO satellite_alarm_server;
GRANT DELETE ON ops.alarm_suppressions TO satellite_alarm_server;

GRANT SELECT ON ops.alarm_events, ops.alarm_states, ops.cluster, ops.notifications, ops.relay_cursors
TO satellite_alarm_notifier;
GRANT INSERT, UPDATE ON ops.notifications, ops.relay_cursors TO satellite_alarm_notifier;
