-- Reads the table while services go on writing it.
ALTER TABLE subsystem_inferences VALIDATE CONSTRAINT subsystem_inferences_verdict_check;
