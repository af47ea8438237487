-- Who is told of alarms: one row for each message to one target, written with the cursor of alarm_notifier, sent afterwards.
CREATE TABLE ops.notifications (
    id              bigserial    PRIMARY KEY,
    message_id      uuid         NOT NULL DEFAULT gen_random_uuid(),
    event_id        bigint       NOT NULL,
    alarm_id        varchar(250) COLLATE "C" NOT NULL,
    target          varchar(50)  COLLATE "C" NOT NULL,
    told            varchar(20)  NOT NULL CHECK (told IN ('raised', 'returned', 'acknowledged')),
    delay_s         integer      NOT NULL DEFAULT 0 CHECK (delay_s >= 0),
    repeat_s        integer      CHECK (repeat_s > 0),
    state           varchar(20)  NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'cancelled', 'failed')),
    attempts        integer      NOT NULL DEFAULT 0,
    next_attempt_at timestamp(3) NOT NULL,
    give_up_at      timestamp(3) NOT NULL,
    last_error      varchar(500),
    delivered_at    timestamp(3),
    created_at      timestamp(3) NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    UNIQUE NULLS NOT DISTINCT (event_id, target, delay_s, repeat_s)
);
CREATE INDEX idx_notifications_due ON ops.notifications (target, next_attempt_at, id) WHERE state = 'pending';
CREATE INDEX idx_notifications_order ON ops.notifications (target, alarm_id, id) WHERE state = 'pending';
CREATE INDEX idx_notifications_alarm ON ops.notifications (alarm_id, target);
COMMENT ON COLUMN ops.notifications.message_id IS 'The same for every attempt: a receiver drops what it has seen';
COMMENT ON COLUMN ops.notifications.event_id IS 'Of ops.alarm_events';
COMMENT ON COLUMN ops.notifications.delay_s IS 'After the event; 0 = the event itself. With one it is sent only if the alarm still calls';
COMMENT ON COLUMN ops.notifications.next_attempt_at IS 'Who sends moves it ahead first: after a crash the message is sent again then';
