import { z } from "zod";

import { choiceParam, text } from "@/lib/address/address";

/**
 * State of the view that its address holds: words of states with commas between, part of a satellite's name, and whether
 * the retired satellites are listed instead of the others.
 */
export const searchSchema = z.object({ state: text, satellite: text, retired: choiceParam(["only"]) });
