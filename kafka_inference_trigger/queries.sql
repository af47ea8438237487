-- The statements of the trigger, by name.

-- name: rows_of_jobs
-- Which subsystems of some jobs have a row.
SELECT job_id, subsystem FROM subsystem_inferences WHERE job_id = ANY (%(job_ids)s)
