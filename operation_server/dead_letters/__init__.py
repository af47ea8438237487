"""Dead letters of Kafka and RabbitMQ: collected into one table, listed, redriven and discarded."""
