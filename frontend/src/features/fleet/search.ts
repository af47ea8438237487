import { z } from "zod";

import { text } from "@/lib/address/address";

/** State of the view that its address holds: words of states with commas between, part of a satellite's name. */
export const searchSchema = z.object({ state: text, satellite: text });
