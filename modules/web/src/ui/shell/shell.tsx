// The window of someone who is signed in: rail, list, the place that is open.
import { MessagesSquare } from "lucide";
import { t } from "../../i18n/language";
import { listed, loaded } from "../../store/state";
import { Chat } from "../chat/chat";
import { group_dialog } from "../group/state";
import { finder_open, List } from "../list/list";
import { Dialog } from "../parts/dialog";
import { Icon } from "../parts/icon";
import { lazy } from "../parts/lazy";
import { Menu } from "../parts/menu";
import { route } from "../route";
import { KeyTable } from "../settings/keys";
import { Announcer } from "./announcer";
import { Banner } from "./banner";
import { Finder } from "./finder";
import { keys_open } from "./keys";
import { Rail } from "./rail";

const Settings = lazy(() => import("../settings/settings"));
const GroupDialogs = lazy(() => import("../group/dialogs"));
const Invites = lazy(() => import("../invites/invites"));

export function Shell() {
    const now = route.value;
    // On a narrow window one column is shown: the list, or what was opened from it.
    const covered =
        now.at === "chat" || now.at === "invites" || (now.at === "settings" && now.place !== null);
    return (
        <div class={covered ? "shell covered" : "shell"} data-at={now.at}>
            <a
                class="skip"
                href="#main"
                onClick={(event) => (event.preventDefault(), document.getElementById("main")?.focus())}
            >
                {t("nav.skip")}
            </a>
            <Banner />
            <div class="columns">
                <Rail />
                {now.at === "settings" ? (
                    <Settings />
                ) : (
                    <>
                        <List />
                        {now.at === "chat" ? (
                            <Chat id={now.conversation} seq={now.seq} />
                        ) : now.at === "invites" ? (
                            <Invites />
                        ) : (
                            <Nothing />
                        )}
                    </>
                )}
            </div>
            <Announcer />
            <Menu />
            {finder_open.value && <Finder key={finder_open.value} jump={finder_open.value === "jump"} />}
            {group_dialog.value && <GroupDialogs />}
            {keys_open.value && (
                <Dialog title={t("keys.title")} on_close={() => (keys_open.value = false)}>
                    <KeyTable />
                </Dialog>
            )}
        </div>
    );
}

function Nothing() {
    const [before, after] = t("chat.none_hint", { keys: "\u0000" }).split("\u0000");
    return (
        <main class="chat nothing" id="main" tabIndex={-1} data-region>
            <Icon node={MessagesSquare} size={32} />
            <h1>{t(loaded.value && listed.value.length === 0 ? "chat.none_yet" : "chat.none")}</h1>
            <p class="muted keys-hint">
                {before}
                <kbd>Ctrl</kbd> <kbd>K</kbd>
                {after}
            </p>
        </main>
    );
}
