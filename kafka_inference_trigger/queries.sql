-- The statements of the trigger, by name.

-- name: rows_of_jobs
-- The subsystems of some jobs that have a row.
SELECT job_id, subsystem FROM subsystem_inferences WHERE job_id = ANY (%(job_ids)s)
