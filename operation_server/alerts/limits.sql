-- The statements that build episodes of limits, by name.

-- name: open_limits
-- Limits of some satellites that were broken within the hold before the newest judged job of their subsystem, or since:
-- none of their breaches is followed by so long without one. The hold is `hold_ms`, or `hold_intervals` of the window of
-- that job where these last longer. Where nothing was judged yet, no breach has ended.
WITH judged AS MATERIALIZED (
    SELECT
        satellite.satellite_id,
        part.subsystem,
        coalesce((
            SELECT inference.job_id FROM subsystem_inferences AS inference
            WHERE inference.subsystem = part.subsystem AND inference.status = 'completed'
                AND inference.job_id BETWEEN live.oldest AND live.newest
                AND (
                    SELECT TRUE FROM ops.live_jobs AS job
                    WHERE job.satellite_id = satellite.satellite_id AND job.job_id = inference.job_id
                )
            ORDER BY inference.job_id DESC LIMIT 1
        ), (
            SELECT inference.job_id FROM subsystem_inferences AS inference
            WHERE inference.subsystem = part.subsystem AND inference.job_id BETWEEN live.oldest AND live.newest
                AND (
                    SELECT TRUE FROM ops.live_jobs AS job
                    WHERE job.satellite_id = satellite.satellite_id AND job.job_id = inference.job_id
                )
            ORDER BY inference.job_id LIMIT 1
        )) AS job_id
    FROM unnest(%(satellites)s::text []) AS satellite (satellite_id)
    CROSS JOIN (SELECT DISTINCT listed.subsystem FROM unnest(%(subsystems)s::text []) AS listed (subsystem)) AS part
    CROSS JOIN LATERAL (
        SELECT min(job_id) AS oldest, max(job_id) AS newest FROM ops.live_jobs WHERE satellite_id = satellite.satellite_id
    ) AS live
)

SELECT judged.satellite_id, sign.subsystem, sign.reason
FROM judged
CROSS JOIN LATERAL (
    SELECT greatest(%(hold_ms)s, (%(hold_intervals)s * 1000 * ops.window_interval_s(
        inference.window_start, inference.generated_at, inference.sample_count))::bigint) AS ms
    FROM subsystem_inferences AS inference
    WHERE inference.job_id = judged.job_id AND inference.subsystem = judged.subsystem
    LIMIT 1
) AS hold
INNER JOIN unnest(%(subsystems)s::text [], %(reasons)s::text []) AS sign (subsystem, reason)
    ON sign.subsystem = judged.subsystem
CROSS JOIN LATERAL (
    SELECT FROM ops.live_jobs AS job
    WHERE job.satellite_id = judged.satellite_id AND job.trigger_reason <> 'periodic_check'
        AND job.job_id >= ops.job_id_after(judged.job_id, 1 - hold.ms)
        AND sign.reason = ANY (job.trigger_reasons)
        AND (
            SELECT TRUE FROM subsystem_inferences AS inference
            WHERE inference.job_id = job.job_id AND inference.subsystem = sign.subsystem
        )
    LIMIT 1
) AS breach

-- name: limit_episodes
-- Breaches of some limits with a member between two times, whole: members are jobs with the reason, and an episode ends
-- where a judged job without it follows after the hold without a breach: a value that flaps at its limit is one. The hold
-- is `hold_ms`, or `hold_intervals` of the window of the member that the walk found first, where these last longer. It
-- goes from the range's end back to the newest member, from there to the first one, and so on; no more than the newest
-- `members_each` are counted. From the newest member it leaps to the oldest one of the hold before it, so that its
-- cost grows with the time that a limit is broken, not with the jobs; where there is none, a breach further away belongs
-- to it up to a hold before the judged job next to the leap. The ids of telemetry jobs end in their generation time,
-- and `:` follows the digits.
WITH RECURSIVE walk AS (
    SELECT
        sign.satellite_id,
        sign.subsystem,
        sign.reason,
        ('kafka-' || sign.satellite_id || '-') COLLATE "C" AS prefix,
        (SELECT min(job_id) FROM ops.live_jobs WHERE satellite_id = sign.satellite_id) AS oldest_job_id,
        ('kafka-' || sign.satellite_id || '-' || %(end)s || ':') COLLATE "C" AS first_job_id,
        NULL::text COLLATE "C" AS newest_job_id,
        0::bigint AS hold_ms,
        0 AS step
    FROM unnest(%(satellites)s::text [], %(subsystems)s::text [], %(reasons)s::text [])
        AS sign (satellite_id, subsystem, reason)

    UNION ALL

    SELECT
        walk.satellite_id,
        walk.subsystem,
        walk.reason,
        walk.prefix,
        walk.oldest_job_id,
        first.job_id,
        newest.job_id,
        hold.ms,
        walk.step + 1
    FROM walk
    CROSS JOIN LATERAL (
        SELECT job.job_id FROM ops.live_jobs AS job
        WHERE job.satellite_id = walk.satellite_id AND job.trigger_reason <> 'periodic_check'
            AND walk.reason = ANY (job.trigger_reasons)
            AND (
                SELECT TRUE FROM subsystem_inferences AS inference
                WHERE inference.job_id = job.job_id AND inference.subsystem = walk.subsystem
            )
            AND job.job_id >= walk.prefix || %(start)s AND job.job_id < walk.first_job_id
        ORDER BY job.job_id DESC LIMIT 1
    ) AS found
    CROSS JOIN LATERAL (
        SELECT greatest(%(hold_ms)s, (%(hold_intervals)s * 1000 * ops.window_interval_s(
            inference.window_start, inference.generated_at, inference.sample_count))::bigint) AS ms
        FROM subsystem_inferences AS inference
        WHERE inference.job_id = found.job_id AND inference.subsystem = walk.subsystem
        LIMIT 1
    ) AS hold
    CROSS JOIN LATERAL (
        WITH RECURSIVE leap (job_id) AS (
            SELECT found.job_id::varchar
            UNION ALL
            SELECT earlier.job_id FROM leap CROSS JOIN LATERAL (
                SELECT coalesce(near.job_id, far.job_id) AS job_id
                FROM (SELECT) AS nothing
                LEFT JOIN LATERAL (
                    SELECT job.job_id FROM ops.live_jobs AS job
                    WHERE job.satellite_id = walk.satellite_id AND job.trigger_reason <> 'periodic_check'
                        AND walk.reason = ANY (job.trigger_reasons)
                        AND (
                            SELECT TRUE FROM subsystem_inferences AS inference
                            WHERE inference.job_id = job.job_id AND inference.subsystem = walk.subsystem
                        )
                        AND job.job_id >= ops.job_id_after(leap.job_id, 1 - hold.ms) AND job.job_id < leap.job_id
                    ORDER BY job.job_id LIMIT 1
                ) AS near ON TRUE
                LEFT JOIN LATERAL (
                    SELECT inference.job_id FROM subsystem_inferences AS inference
                    WHERE inference.subsystem = walk.subsystem AND inference.status = 'completed'
                        AND (
                            SELECT TRUE FROM ops.live_jobs AS job
                            WHERE job.satellite_id = walk.satellite_id AND job.job_id = inference.job_id
                        )
                        AND inference.job_id >= walk.oldest_job_id AND inference.job_id < leap.job_id
                        AND near.job_id IS NULL
                    ORDER BY inference.job_id DESC LIMIT 1
                ) AS judged ON TRUE
                LEFT JOIN LATERAL (
                    SELECT job.job_id FROM ops.live_jobs AS job
                    WHERE job.satellite_id = walk.satellite_id AND job.trigger_reason <> 'periodic_check'
                        AND walk.reason = ANY (job.trigger_reasons)
                        AND (
                            SELECT TRUE FROM subsystem_inferences AS inference
                            WHERE inference.job_id = job.job_id AND inference.subsystem = walk.subsystem
                        )
                        AND near.job_id IS NULL AND job.job_id < leap.job_id
                        AND job.job_id >= coalesce(ops.job_id_after(judged.job_id, 1 - hold.ms), walk.prefix)
                    ORDER BY job.job_id DESC LIMIT 1
                ) AS far ON TRUE
            ) AS earlier
            WHERE earlier.job_id IS NOT NULL
        )

        SELECT min(job_id COLLATE "C") AS job_id FROM leap
    ) AS first
    CROSS JOIN LATERAL (
        WITH RECURSIVE leap (job_id) AS (
            SELECT found.job_id::varchar
            UNION ALL
            SELECT later.job_id FROM leap CROSS JOIN LATERAL (
                SELECT coalesce(near.job_id, far.job_id) AS job_id
                FROM (SELECT) AS nothing
                LEFT JOIN LATERAL (
                    SELECT job.job_id FROM ops.live_jobs AS job
                    WHERE job.satellite_id = walk.satellite_id AND job.trigger_reason <> 'periodic_check'
                        AND walk.reason = ANY (job.trigger_reasons)
                        AND (
                            SELECT TRUE FROM subsystem_inferences AS inference
                            WHERE inference.job_id = job.job_id AND inference.subsystem = walk.subsystem
                        )
                        AND job.job_id > leap.job_id AND job.job_id < ops.job_id_after(leap.job_id, hold.ms)
                    ORDER BY job.job_id DESC LIMIT 1
                ) AS near ON TRUE
                LEFT JOIN LATERAL (
                    SELECT inference.job_id FROM subsystem_inferences AS inference
                    WHERE inference.subsystem = walk.subsystem AND inference.status = 'completed'
                        AND (
                            SELECT TRUE FROM ops.live_jobs AS job
                            WHERE job.satellite_id = walk.satellite_id AND job.job_id = inference.job_id
                        )
                        AND inference.job_id >= ops.job_id_after(leap.job_id, hold.ms)
                        AND inference.job_id < walk.prefix || ':'
                        AND near.job_id IS NULL
                    ORDER BY inference.job_id LIMIT 1
                ) AS judged ON TRUE
                LEFT JOIN LATERAL (
                    SELECT job.job_id FROM ops.live_jobs AS job
                    WHERE job.satellite_id = walk.satellite_id AND job.trigger_reason <> 'periodic_check'
                        AND walk.reason = ANY (job.trigger_reasons)
                        AND (
                            SELECT TRUE FROM subsystem_inferences AS inference
                            WHERE inference.job_id = job.job_id AND inference.subsystem = walk.subsystem
                        )
                        AND near.job_id IS NULL AND job.job_id > leap.job_id
                        AND job.job_id <= coalesce(judged.job_id, walk.prefix || ':')
                    ORDER BY job.job_id LIMIT 1
                ) AS far ON TRUE
            ) AS later
            WHERE walk.step = 0 AND later.job_id IS NOT NULL
        )

        SELECT max(job_id COLLATE "C") AS job_id FROM leap
    ) AS newest
    WHERE walk.step < %(episodes_each)s
),

listed AS (SELECT * FROM walk WHERE step > 0 LIMIT %(ceiling)s)

SELECT
    listed.satellite_id,
    listed.subsystem,
    listed.reason,
    listed.step = 1 AND ending.job_id IS NULL AS is_open,
    listed.first_job_id,
    listed.newest_job_id,
    figures.*
FROM listed
LEFT JOIN LATERAL (
    SELECT inference.job_id FROM subsystem_inferences AS inference
    WHERE inference.subsystem = listed.subsystem AND inference.status = 'completed'
        AND (
            SELECT listed.reason <> ALL (job.trigger_reasons) FROM ops.live_jobs AS job
            WHERE job.satellite_id = listed.satellite_id AND job.job_id = inference.job_id
        )
        AND inference.job_id >= ops.job_id_after(listed.newest_job_id, listed.hold_ms)
        AND inference.job_id < listed.prefix || ':'
    LIMIT 1
) AS ending ON TRUE
CROSS JOIN LATERAL (
    SELECT
        count(*) AS verdict_count,
        max(member.anomaly_score) AS peak_score,
        (array_agg(member.job_id ORDER BY member.anomaly_score DESC NULLS LAST, member.job_id))[1] AS peak_job_id
    FROM (
        SELECT job.job_id, inference.anomaly_score FROM ops.live_jobs AS job
        CROSS JOIN LATERAL (
            SELECT judged.anomaly_score FROM subsystem_inferences AS judged
            WHERE judged.job_id = job.job_id AND judged.subsystem = listed.subsystem LIMIT 1
        ) AS inference
        WHERE job.satellite_id = listed.satellite_id AND job.trigger_reason <> 'periodic_check'
            AND listed.reason = ANY (job.trigger_reasons)
            AND job.job_id >= listed.first_job_id AND job.job_id <= listed.newest_job_id
        ORDER BY job.job_id DESC LIMIT %(members_each)s
    ) AS member
) AS figures
