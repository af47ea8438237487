from confluent_kafka import TopicPartition

from operation_server.pipeline.kafka import lag_of

FIRST, SECOND = TopicPartition("telemetry", 0), TopicPartition("telemetry", 1)
BEGINS = {FIRST: 5, SECOND: 20}
ENDS = {FIRST: 105, SECOND: 30}


class TestLag:
    def test_lag_is_summed_over_the_partitions(self) -> None:
        assert lag_of({FIRST: 100, SECOND: 28}, BEGINS, ENDS) == 7

    def test_lag_is_unknown_before_the_first_commit(self) -> None:
        assert lag_of({FIRST: -1001, SECOND: -1001}, BEGINS, ENDS) is None
        assert lag_of({}, BEGINS, ENDS) is None

    def test_partition_without_commit_is_unread_from_its_beginning(self) -> None:
        assert lag_of({FIRST: 105, SECOND: -1001}, BEGINS, ENDS) == 10
