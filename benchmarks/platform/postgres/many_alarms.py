"""Alarms of a large fleet after a year: most are over and known, some stand, some nobody acknowledged."""

from typing import Any, Final

SATELLITES: Final = 1_000
STANDING: Final = 1_000
UNKNOWN: Final = 5_000
"""The newest ones that nobody acknowledged; of the others all that stand."""
BATCH: Final = 50_000

FILL_ALARMS: Final = """
INSERT INTO ops.alarms (alarm_id, satellite_id, subsystem, reason, kind, severity, started_at, raised_at,
    last_at, returned_at, noticed_at, changed_at, violations, value, worst_value, limit_value, peak_score,
    acknowledged_at, acknowledged_by, assigned_to)
SELECT
    format('%%s.%%s.%%s.%%s', subsystem, reason, round(extract(EPOCH FROM begun) * 1000), satellite_id),
    satellite_id, subsystem, reason, kind, severity, begun, begun, begun + interval '20 s',
    CASE WHEN NOT is_standing THEN begun + interval '80 s' END, begun, begun, 21, 12, 11, 30,
    CASE kind WHEN 'anomaly' THEN .9 END,
    CASE WHEN is_known THEN begun + interval '1 h' END,
    CASE WHEN is_known THEN 'kim' END,
    CASE WHEN number %% 50 = 3 THEN 'lee' END
FROM (
    SELECT
        number,
        'SAT-' || lpad((abs(hashint4(number)) %% %(satellites)s)::text, 3, '0') AS satellite_id,
        abs(hashint4(-number)) %% 20 AS sign,
        number %% (%(alarms)s / %(standing)s) = 0 AS is_standing,
        number > %(unknown)s AND number %% (%(alarms)s / %(standing)s) > 0 AS is_known,
        date_trunc('milliseconds', now() AT TIME ZONE 'UTC') - number * interval '30 s' AS begun
    FROM generate_series(%(first)s, %(last)s) AS number
) AS listed
INNER JOIN (VALUES
    (0, 9, 'eps', 'low_battery', 'limit', 'critical'),
    (10, 15, 'thermal', 'abnormal_temperature', 'limit', 'warning'),
    (16, 18, 'comm', 'anomaly', 'anomaly', 'watch'),
    (19, 19, 'satellite', 'no_data', 'stale', 'distress')
) AS signs (lowest, highest, subsystem, reason, kind, severity) ON sign BETWEEN lowest AND highest
"""
FILL_EVENTS: Final = """
INSERT INTO ops.alarm_events (alarm_id, event, at, member_at, operator, comment)
SELECT alarm_id, event, alarm.started_at + after,
    CASE WHEN operator IS NULL THEN alarm.started_at + after END, operator,
    CASE WHEN operator IS NOT NULL THEN 'seen' END
FROM ops.alarms AS alarm
CROSS JOIN (VALUES
    ('raised', interval '0 s', NULL), ('returned', interval '80 s', NULL),
    ('acknowledged', interval '1 h', 'kim')
) AS happened (event, after, operator)
WHERE CASE event
    WHEN 'returned' THEN returned_at IS NOT NULL
    WHEN 'acknowledged' THEN acknowledged_at IS NOT NULL
    ELSE TRUE
END
"""
FILL_GROUPS: Final = """
INSERT INTO ops.grouped_alarms (alarm_id, group_id, satellite_id, started_at)
SELECT alarm_id, alarm_id, satellite_id, started_at FROM ops.alarms
"""


def fill_alarms(cursor: Any, alarms: int, *, standing: int = STANDING, unknown: int = UNKNOWN) -> None:
    """Insert alarms, one in half a minute up to now, with their history; a multiple of those that stand."""
    for first in range(1, alarms + 1, BATCH):
        cursor.execute(
            FILL_ALARMS,
            {
                "alarms": alarms, "satellites": SATELLITES, "standing": standing, "unknown": unknown,
                "first": first, "last": min(alarms, first + BATCH - 1),
            },
        )  # fmt: skip
    cursor.execute(FILL_EVENTS)
    cursor.execute(FILL_GROUPS)
    cursor.execute("VACUUM ANALYZE")
