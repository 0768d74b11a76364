import { start } from "./start.js";

start("logPage");
