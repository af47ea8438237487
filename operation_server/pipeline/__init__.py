"""What runs between Kafka and the console: each tool asked, its numbers kept, its state judged."""
