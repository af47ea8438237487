"""What happens to a delivered task: run, held, parked, split or given up; its rows are saved."""
