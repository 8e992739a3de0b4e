// "Jump to": anyone and anything by a few letters (Ctrl+K); or someone to write to.
import { UsersRound } from "lucide";
import { useEffect, useId } from "preact/hooks";
import { t } from "../../i18n/language";
import { listed } from "../../store/state";
import { group_dialog } from "../group/state";
import type { Found } from "../list/finding";
import { finder_open } from "../list/list";
import { use_choice } from "../list/search_keys";
import { Dialog } from "../parts/dialog";
import { Icon } from "../parts/icon";
import { SearchField } from "../search/field";
import { load_ahead, Operators, SearchResults } from "../search/results";
import { use_search } from "../search/search";

const recent_max = 8;

export function Finder({ jump }: { jump: boolean }) {
    const id = useId();
    const asked = use_search(null, jump);
    const recent: Found = { chats: listed.value.slice(0, recent_max), people: [], state: "idle" };
    const search =
        asked.typed.trim() === "" ? { ...asked, found: recent, count: recent.chats.length } : asked;
    const choice = use_choice(search.count, id, search.typed);
    const close = () => (finder_open.value = null);
    useEffect(() => search.field.current?.focus(), []);
    return (
        <Dialog title={t(jump ? "find.title" : "list.new")} on_close={close} palette>
            <SearchField
                class="palette-search"
                id={id}
                search={search}
                chosen={choice.chosen}
                label={t(jump ? "find.anything" : "find.placeholder")}
                open
                on_key={choice.pressed}
            />
            <div class="palette-results" onScroll={load_ahead(search)}>
                <SearchResults
                    id={id}
                    search={search}
                    chosen={choice.chosen}
                    on_open={close}
                    on_hit={close}
                />
            </div>
            <footer class="palette-foot">
                {jump ? (
                    <Operators search={search} />
                ) : (
                    <button
                        type="button"
                        class="link"
                        onClick={() => (close(), (group_dialog.value = { kind: "create" }))}
                    >
                        <Icon node={UsersRound} size={16} />
                        {t("group.new")}
                    </button>
                )}
            </footer>
        </Dialog>
    );
}
