// Where I am signed in, and signing out elsewhere.
import { Bot, Monitor, Smartphone, Terminal } from "lucide";
import { useEffect, useState } from "preact/hooks";
import type { SessionItem } from "../../api/types";
import { ago, day_of, t } from "../../i18n/language";
import { request } from "../../wire/http";
import { now } from "../parts/clock";
import { explain } from "../parts/errors";
import { Icon } from "../parts/icon";
import { notify } from "../parts/toast";

const icons = { web: Monitor, desktop: Monitor, mobile: Smartphone, cli: Terminal, bot: Bot };

export function Sessions() {
    const [items, set_items] = useState<SessionItem[] | null>(null);
    const [error, set_error] = useState<unknown>(null);
    const load = () => {
        set_error(null);
        request("get", "/api/v1/sessions", { query: { limit: 100 } }).then(
            (page) => set_items(page.items),
            set_error,
        );
    };
    useEffect(load, []);
    const attempt = async (work: () => Promise<unknown>) => {
        try {
            await work();
            notify(t("sessions.revoked"));
        } catch (fault) {
            notify(explain(fault));
        }
        load();
    };
    if (error) return <Failed error={error} retry={load} />;
    const others = items?.filter((item) => !item.current) ?? [];
    return (
        <>
            <p class="muted">{t("sessions.lead")}</p>
            <h3>{t("sessions.this")}</h3>
            <ul class="panel-list">
                {items
                    ?.filter((item) => item.current)
                    .map((item) => (
                        <Row key={item.id} item={item} />
                    ))}
            </ul>
            <h3>{t("sessions.others")}</h3>
            {items && others.length === 0 ? (
                <p class="muted">{t("sessions.none")}</p>
            ) : (
                <ul class="panel-list">
                    {others.map((item) => (
                        <Row
                            key={item.id}
                            item={item}
                            revoke={() =>
                                void attempt(() =>
                                    request("delete", "/api/v1/sessions/{id}", { path: { id: item.id } }),
                                )
                            }
                        />
                    ))}
                </ul>
            )}
            {others.length > 1 && (
                <div class="actions">
                    <button
                        type="button"
                        class="plain danger"
                        onClick={() => void attempt(() => request("delete", "/api/v1/sessions"))}
                    >
                        {t("sessions.revoke_others")}
                    </button>
                </div>
            )}
        </>
    );
}

function Row({ item, revoke }: { item: SessionItem; revoke?: () => void }) {
    const seen =
        item.current || Date.now() - Date.parse(item.last_seen) < 60_000
            ? t("sessions.now")
            : t("sessions.active", { when: ago(item.last_seen, now.value) });
    const name = item.device?.name || item.device?.kind;
    return (
        <li class="panel-row">
            <Icon node={icons[item.device?.kind] ?? Monitor} size={24} />
            <div class="panel-row-text">
                <bdi class="strong-text">{name}</bdi>
                <span class="muted small">
                    {seen} · {item.address}
                </span>
                <span class="muted small">{t("sessions.since", { when: day_of(item.created_at) })}</span>
            </div>
            {revoke && (
                <button
                    type="button"
                    class="plain danger"
                    aria-label={t("sessions.revoke_name", { device: name })}
                    onClick={revoke}
                >
                    {t("sessions.revoke")}
                </button>
            )}
        </li>
    );
}

function Failed({ error, retry }: { error: unknown; retry(): void }) {
    return (
        <div class="note" role="alert">
            <p>{explain(error)}</p>
            <button type="button" class="plain" onClick={retry}>
                {t("common.retry")}
            </button>
        </div>
    );
}
