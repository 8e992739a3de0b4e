// The field of a search, whose results are chosen by the arrow keys and opened by Enter.
import { Search as Glass, X } from "lucide";
import { t } from "../../i18n/language";
import { Icon } from "../parts/icon";
import type { Search } from "./search";

interface Props {
    id: string;
    search: Search;
    chosen: number;
    label: string;
    class?: string;
    /** Whether a list of results stands under it. */
    open: boolean;
    here?: boolean;
    on_key(event: KeyboardEvent): void;
    on_clear?(): void;
}

export function SearchField({ id, search, chosen, label, open, here, on_key, on_clear, ...more }: Props) {
    const listed = open
        ? {
              role: "combobox" as const,
              "aria-expanded": true,
              "aria-controls": id,
              "aria-autocomplete": "list" as const,
              "aria-activedescendant": search.count > 0 ? `${id}-${chosen}` : undefined,
          }
        : {};
    return (
        <div class={more.class ? `search ${more.class}` : "search"} role="search">
            <Icon node={Glass} size={16} />
            <input
                ref={search.field}
                type="text"
                class="search-field"
                value={search.typed}
                placeholder={label}
                aria-label={label}
                autocomplete="off"
                spellcheck={false}
                enterkeyhint="search"
                dir="auto"
                data-search-here={here ? true : undefined}
                data-first={here ? true : undefined}
                {...listed}
                onInput={({ currentTarget: at }) => search.type(at.value, at.selectionStart ?? at.value.length)}
                onKeyDown={on_key}
            />
            {search.typed !== "" && on_clear && (
                <button
                    type="button"
                    class="quiet round small-round"
                    aria-label={t("list.search_clear")}
                    onClick={on_clear}
                >
                    <Icon node={X} size={16} />
                </button>
            )}
        </div>
    );
}
