import { z } from "zod";

/** State of the view that its address holds: none, the part that is looked at is its hash. */
export const searchSchema = z.object({});
