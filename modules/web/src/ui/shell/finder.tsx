// "Jump to": anyone and anything by a few letters (Ctrl+K).
import { Search } from "lucide";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { t } from "../../i18n/language";
import { listed } from "../../store/state";
import { use_finding, type Found } from "../list/finding";
import { finder_open } from "../list/list";
import { Results } from "../list/results";
import { use_choice } from "../list/search_keys";
import { Dialog } from "../parts/dialog";
import { Icon } from "../parts/icon";

const recent_max = 8;

export function Finder() {
    const [typed, type] = useState("");
    const id = useId();
    const field = useRef<HTMLInputElement>(null);
    const recent: Found = { chats: listed.value.slice(0, recent_max), people: [], state: "idle" };
    const asked = use_finding(typed);
    const found = typed.trim() === "" ? recent : asked;
    const choice = use_choice(found.chats.length + found.people.length, id, typed);
    const close = () => (finder_open.value = false);
    useEffect(() => field.current?.focus(), []);
    return (
        <Dialog title={t("find.title")} on_close={close} palette>
            <div class="search palette-search">
                <Icon node={Search} />
                <input
                    ref={field}
                    type="text"
                    class="search-field"
                    role="combobox"
                    aria-expanded
                    aria-controls={id}
                    aria-activedescendant={`${id}-${choice.chosen}`}
                    aria-label={t("find.placeholder")}
                    placeholder={t("find.placeholder")}
                    value={typed}
                    autocomplete="off"
                    spellcheck={false}
                    dir="auto"
                    onInput={(event) => type(event.currentTarget.value)}
                    onKeyDown={choice.pressed}
                />
            </div>
            <div class="palette-results">
                <Results id={id} found={found} typed={typed} chosen={choice.chosen} on_open={close} />
            </div>
        </Dialog>
    );
}
