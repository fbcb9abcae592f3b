// A small GPT that reads characters, shown as the writer is; its weights come with the page.
import { alone, render } from "./writer.mjs";
