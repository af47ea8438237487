-- The statements of notices, by name.

-- name: events_head
-- Where a first start begins: behind the newest event that is settled.
SELECT history.xact::text::bigint AS xact, history.id FROM ops.alarm_events AS history
WHERE history.xact < ops.settled_position() ORDER BY history.xact DESC, history.id DESC LIMIT 1

-- name: events_after
-- In commit order, with what each alarm is now, and whether a flood of its satellite stood then, and called; below the
-- oldest running transaction nothing can appear any more. A flood that is suppressed holds nothing back.
SELECT
    history.xact::text::bigint AS xact,
    history.id,
    history.alarm_id,
    history.event,
    history.at,
    alarm.satellite_id,
    alarm.kind,
    alarm.severity,
    alarm.facts,
    alarm.kind <> 'flood' AND EXISTS (
        SELECT FROM ops.alarm_states AS flood
        WHERE flood.satellite_id = alarm.satellite_id AND flood.subsystem = 'satellite' AND flood.reason = 'flood' AND NOT flood.is_suppressed
            AND flood.started_at <= history.at AND (flood.returned_at IS NULL OR flood.returned_at >= history.at)
    ) AS is_in_flood
FROM ops.alarm_events AS history
LEFT JOIN ops.alarm_states AS alarm ON alarm.alarm_id = history.alarm_id
WHERE (history.xact, history.id) > (%(xact)s::text::xid8, %(id)s) AND history.xact < ops.settled_position()
ORDER BY history.xact, history.id LIMIT %(limit)s

-- name: plan
-- One that waits already is not planned a second time because its alarm was raised again; who was not told of an alarm because
-- of a flood is not told that it returned.
INSERT INTO ops.notifications (event_id, alarm_id, target, told, delay_s, repeat_s, state, next_attempt_at, give_up_at)
SELECT
    %(event_id)s, %(alarm_id)s, %(target)s, %(told)s, %(delay_s)s, %(repeat_s)s, %(state)s,
    %(due_at)s::timestamptz AT TIME ZONE 'UTC', %(give_up_at)s::timestamptz AT TIME ZONE 'UTC'
WHERE (%(told)s = 'raised' OR NOT coalesce((
    SELECT bool_and(raised.state = 'held') FROM ops.notifications AS raised
    WHERE raised.alarm_id = %(alarm_id)s AND raised.target = %(target)s AND raised.told = 'raised'
), FALSE))
AND (%(delay_s)s = 0 OR NOT EXISTS (
    SELECT FROM ops.notifications AS kept
    WHERE kept.state = 'pending' AND kept.target = %(target)s AND kept.alarm_id = %(alarm_id)s AND kept.delay_s > 0
        AND kept.event_id <> %(event_id)s AND kept.repeat_s IS NOT DISTINCT FROM %(repeat_s)s::integer
        AND (kept.repeat_s IS NOT NULL OR kept.delay_s = %(delay_s)s)
))
ON CONFLICT (event_id, target, delay_s, repeat_s) DO NOTHING

-- name: fail_without_target
UPDATE ops.notifications SET state = 'failed', last_error = 'the file has no such target any more'
WHERE state = 'pending' AND NOT target = ANY (%(targets)s::text [])

-- name: claim
-- The next one that is due, not before an earlier message of its alarm; whoever claims it has so many seconds.
UPDATE ops.notifications AS notice SET
    attempts = attempts + 1,
    next_attempt_at = clock_timestamp() AT TIME ZONE 'UTC' + %(lease)s::interval
WHERE notice.next_attempt_at <= clock_timestamp() AT TIME ZONE 'UTC' AND notice.state = 'pending' AND notice.id = (
    SELECT due.id FROM ops.notifications AS due
    WHERE due.target = %(target)s AND due.state = 'pending'
        AND due.next_attempt_at <= clock_timestamp() AT TIME ZONE 'UTC'
        AND NOT EXISTS (
            SELECT FROM ops.notifications AS earlier
            WHERE earlier.target = due.target AND earlier.alarm_id = due.alarm_id AND earlier.state = 'pending'
                AND earlier.id < due.id AND earlier.delay_s = 0
        )
    ORDER BY due.next_attempt_at, due.id LIMIT 1
)
RETURNING notice.id

-- name: notice
-- With the event that it tells of, and what its alarm is now; an alarm that is gone has no satellite.
SELECT
    notice.id,
    notice.message_id,
    notice.event_id,
    notice.alarm_id,
    notice.target,
    notice.told,
    notice.delay_s,
    notice.repeat_s,
    notice.attempts,
    history.event,
    history.at,
    history.operator,
    history.comment,
    alarm.satellite_id,
    alarm.subsystem,
    alarm.reason,
    alarm.kind,
    alarm.severity,
    alarm.channel,
    alarm.started_at,
    alarm.returned_at,
    alarm.value,
    alarm.worst_value,
    alarm.limit_value,
    alarm.facts
FROM ops.notifications AS notice
LEFT JOIN ops.alarm_events AS history ON history.id = notice.event_id
LEFT JOIN ops.alarm_states AS alarm ON alarm.alarm_id = notice.alarm_id
WHERE notice.id = %(id)s

-- name: settle
UPDATE ops.notifications SET
    state = %(state)s,
    delivered_at = CASE WHEN %(state)s = 'delivered' THEN clock_timestamp() AT TIME ZONE 'UTC' END
WHERE id = %(id)s AND state = 'pending'

-- name: postpone
-- After an attempt that failed; for good once its time is over.
UPDATE ops.notifications SET
    state = CASE WHEN give_up_at <= clock_timestamp() AT TIME ZONE 'UTC' THEN 'failed' ELSE state END,
    next_attempt_at = clock_timestamp() AT TIME ZONE 'UTC' + %(wait)s::interval,
    last_error = %(error)s
WHERE id = %(id)s AND state = 'pending'
RETURNING state

-- name: standing_told
-- What stands and was told to a target, newest start first, with the columns of a notice.
SELECT
    alarm.alarm_id AS message_id,
    'raised' AS told,
    alarm.noticed_at AS at,
    0 AS delay_s,
    NULL AS operator,
    NULL AS comment,
    alarm.alarm_id,
    alarm.satellite_id,
    alarm.subsystem,
    alarm.reason,
    alarm.kind,
    alarm.severity,
    alarm.channel,
    alarm.started_at,
    alarm.returned_at,
    alarm.value,
    alarm.worst_value,
    alarm.limit_value,
    alarm.facts
FROM ops.alarm_states AS alarm
WHERE alarm.is_unresolved AND alarm.returned_at IS NULL AND NOT alarm.is_suppressed AND EXISTS (
    SELECT FROM ops.notifications AS notice
    WHERE notice.alarm_id = alarm.alarm_id AND notice.target = %(target)s
        AND notice.told = 'raised' AND notice.state = 'delivered'
)
ORDER BY alarm.started_at DESC LIMIT %(limit)s

-- name: counted_alarms
-- What needs attention, for the metric: the newest ones only where there are very many.
SELECT satellite_id, subsystem, reason, kind, severity, facts FROM ops.alarm_states
WHERE needs_attention ORDER BY started_at DESC LIMIT %(limit)s
