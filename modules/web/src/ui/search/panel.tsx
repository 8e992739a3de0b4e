// Search inside the conversation that is open, in the panel beside it.
import { X } from "lucide";
import { useId, useRef } from "preact/hooks";
import { t } from "../../i18n/language";
import type { Held } from "../../store/apply";
import { use_choice } from "../list/search_keys";
import { close_side, side, use_side_focus } from "../chat/side";
import { Icon } from "../parts/icon";
import { SearchField } from "./field";
import { load_ahead, Operators, SearchResults } from "./results";
import { use_search } from "./search";

/** Below this width the panel covers the messages, so it goes when one of them is opened. */
const beside_px = 1024;

export default function SearchPanel({ row }: { row: Held }) {
    const id = useId();
    const panel = useRef<HTMLElement>(null);
    const search = use_search(row.id);
    const choice = use_choice(search.count, id, search.typed);
    use_side_focus(panel);
    const on_hit = () => {
        if (innerWidth < beside_px) side.value = null;
    };
    return (
        <aside class="info" ref={panel} aria-label={t("search.here")} tabIndex={-1} data-region>
            <header class="info-head">
                <h2>{t("search.here")}</h2>
                <button type="button" class="quiet round" aria-label={t("chat.info_close")} onClick={close_side}>
                    <Icon node={X} />
                </button>
            </header>
            <div class="panel-search">
                <SearchField
                    id={id}
                    search={search}
                    chosen={choice.chosen}
                    label={t("search.in_name", { name: row.title })}
                    open
                    here
                    on_key={choice.pressed}
                    on_clear={() => (search.type("", 0), search.field.current?.focus())}
                />
                <Operators search={search} here />
            </div>
            <div class="panel-hits" onScroll={load_ahead(search)}>
                <SearchResults
                    id={id}
                    search={search}
                    chosen={choice.chosen}
                    here
                    on_open={on_hit}
                    on_hit={on_hit}
                />
            </div>
        </aside>
    );
}
