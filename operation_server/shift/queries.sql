-- The statements of the shift, by name. A flood stands for alarms that are counted already.

-- name: entries
-- The newest first, each with the entry that corrects it.
SELECT entry.id, entry.at, entry.operator, entry.key_name, entry.text, entry.satellite_id, entry.alarm_id, entry.corrects,
    correction.id AS corrected_by
FROM ops.shift_entries AS entry
LEFT JOIN ops.shift_entries AS correction ON correction.corrects = entry.id
WHERE (%(before)s IS NULL OR entry.id < %(before)s)
    AND (%(entry_id)s IS NULL OR entry.id = %(entry_id)s)
    AND (%(corrects)s IS NULL OR entry.corrects = %(corrects)s)
    AND (%(satellite_id)s IS NULL OR entry.satellite_id = %(satellite_id)s)
    AND (%(start)s IS NULL OR entry.at >= %(start)s)
    AND (%(end)s IS NULL OR entry.at <= %(end)s)
ORDER BY entry.id DESC LIMIT %(limit)s

-- name: add_entry
-- Of two corrections of one entry at once the second one adds nothing.
INSERT INTO ops.shift_entries (operator, key_name, text, satellite_id, alarm_id, corrects)
VALUES (%(operator)s, %(key_name)s, %(text)s, %(satellite_id)s, %(alarm_id)s, %(corrects)s)
ON CONFLICT (corrects) DO NOTHING
RETURNING id

-- name: raised_per_interval
-- How many alarms were raised in each interval that has any, counted from the start.
SELECT floor(extract(EPOCH FROM noticed_at - %(start)s) / %(interval_s)s)::integer AS place, count(*) AS count
FROM ops.alarms WHERE noticed_at >= %(start)s AND noticed_at < %(end)s AND NOT is_withdrawn AND kind <> 'flood'
GROUP BY place

-- name: raised_by_severity
-- With the seconds until they were acknowledged, of those that were: median and 90 %%. The row without severity is of all.
SELECT severity, kind, count(*) AS count, count(acknowledged_at) AS acknowledged, count(chattering_since) AS chattering,
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
        ORDER BY greatest(0, extract(EPOCH FROM acknowledged_at - noticed_at))
    ) FILTER (WHERE acknowledged_at IS NOT NULL) AS waits_s
FROM ops.alarms WHERE noticed_at >= %(start)s AND noticed_at < %(end)s AND NOT is_withdrawn AND kind <> 'flood'
GROUP BY GROUPING SETS ((), (severity, kind))
ORDER BY count DESC, severity, kind

-- name: most_frequent
SELECT satellite_id, subsystem, reason, kind, count(*) AS count, count(chattering_since) AS chattering
FROM ops.alarms WHERE noticed_at >= %(start)s AND noticed_at < %(end)s AND NOT is_withdrawn AND kind <> 'flood'
GROUP BY satellite_id, subsystem, reason, kind
ORDER BY count DESC, satellite_id, subsystem, reason, kind LIMIT %(limit)s

-- name: standing
-- What stood at the end and calls somebody, and how much of it stood for so long that nobody looks any more.
SELECT count(*) AS standing, count(*) FILTER (WHERE noticed_at < %(stale_before)s) AS stale FROM ops.alarm_states
WHERE life @> (%(end)s::timestamptz AT TIME ZONE 'UTC') AND NOT is_withdrawn AND noticed_at < %(end)s
    AND facts = ANY (%(codes)s) AND kind <> 'flood'

-- name: feedback
-- What operators said of the alarms raised in the span, by each of `parts`: rule, day (UTC), channel and model. An anomaly's channel is
-- the one that contributed the most to its peak, its model the one that judged it.
WITH said AS (
    SELECT
        said.feedback,
        said.subsystem,
        said.reason,
        said.noticed_at::date AS day,
        coalesce(said.channel, (
            SELECT part.channel FROM jsonb_each(peak.contributions) AS part (channel, shares)
            ORDER BY (SELECT sum(share.value::float8) FROM jsonb_each_text(part.shares) AS share) DESC, part.channel LIMIT 1
        )) AS channel,
        peak.model_name,
        peak.triton_model_version AS model_version,
        peak.calibration_hash
    FROM ops.alarm_feedback AS said
    LEFT JOIN subsystem_inferences AS peak ON peak.job_id = said.peak_job_id AND peak.subsystem = said.subsystem
    WHERE said.noticed_at >= %(start)s AND said.noticed_at < %(end)s
),

counted AS (
    SELECT
        (ARRAY['rule', 'day', 'channel', 'model'])[array_position(
            ARRAY[grouping(reason), grouping(day), grouping(channel), grouping(model_name)], 0
        )] AS part,
        subsystem,
        reason,
        day,
        channel,
        model_name,
        model_version,
        calibration_hash,
        count(*) FILTER (WHERE feedback = 'true_alarm') AS true_alarm,
        count(*) FILTER (WHERE feedback = 'false_alarm') AS false_alarm,
        count(*) FILTER (WHERE feedback = 'rare_nominal') AS rare_nominal,
        count(*) FILTER (WHERE feedback = 'known') AS known
    FROM said
    GROUP BY GROUPING SETS (
        (subsystem, reason), (day), (subsystem, channel), (model_name, model_version, calibration_hash)
    )
)

SELECT * FROM (
    SELECT counted.*, row_number() OVER (
        PARTITION BY part
        ORDER BY day, false_alarm DESC, true_alarm + rare_nominal + known DESC, subsystem, reason, channel, model_name, calibration_hash
    ) AS place
    FROM counted
    WHERE part <> 'model' OR model_name IS NOT NULL
) AS placed
WHERE place <= %(limit)s AND (part <> 'channel' OR channel IS NOT NULL) ORDER BY part, place
