// Starts the client: preferences and language before the first paint, then the app.
import { render } from "preact";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/shell.css";
import "./styles/list.css";
import "./styles/groups.css";
import "./styles/search.css";
import "./styles/chat.css";
import "./styles/entry.css";
import "./styles/settings.css";
import { start } from "./client";
import { start_language } from "./i18n/language";
import { App } from "./ui/app";
import { start_preferences } from "./ui/parts/preferences";
import { start_routes } from "./ui/route";
import { start_title } from "./ui/shell/announcer";
import { start_keys } from "./ui/shell/keys";

start_preferences();
start_routes();
start_keys();
await start_language();
start_title();
void start();
render(<App />, document.getElementById("app")!);
