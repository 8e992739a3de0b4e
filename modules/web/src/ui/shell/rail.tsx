// The places of the client: a rail at the side, a bar at the foot of a narrow window.
import { MessageCircle, Settings as Gear, UserPlus } from "lucide";
import type { IconNode } from "lucide";
import { number, t } from "../../i18n/language";
import { me, unread_total } from "../../store/state";
import { Avatar } from "../parts/avatar";
import { Icon } from "../parts/icon";
import { Logo } from "../parts/logo";
import { go, route, type Route } from "../route";

export function Rail() {
    const at = route.value.at;
    const user = me.value;
    const unread = unread_total.value;
    const may_invite = user?.role === "owner" || user?.role === "admin";
    return (
        <nav class="rail" aria-label={t("nav.label")} data-region tabIndex={-1}>
            <Logo />
            <Place
                to={{ at: "home" }}
                here={at === "home" || at === "chat"}
                label={t("nav.chats")}
                node={MessageCircle}
                count={unread}
            />
            {may_invite && (
                <Place
                    to={{ at: "invites" }}
                    here={at === "invites"}
                    label={t("nav.invites")}
                    node={UserPlus}
                />
            )}
            <span class="rail-gap" />
            <Place
                to={{ at: "settings", place: null }}
                here={at === "settings"}
                label={t("nav.settings")}
                node={Gear}
            />
            {user && (
                <button
                    type="button"
                    class="rail-self"
                    aria-label={t("nav.profile")}
                    title={user.nickname}
                    onClick={() => go({ at: "settings", place: "profile" })}
                >
                    <Avatar id={user.id} name={user.nickname} size={36} />
                </button>
            )}
        </nav>
    );
}

function Place({
    to,
    here,
    label,
    node,
    count = 0,
}: {
    to: Route;
    here: boolean;
    label: string;
    node: IconNode;
    count?: number;
}) {
    return (
        <button
            type="button"
            class="rail-place"
            aria-current={here ? "page" : undefined}
            title={label}
            onClick={() => go(to)}
        >
            <span class="rail-icon">
                <Icon node={node} size={24} />
                {count > 0 && (
                    <span class="badge rail-badge">
                        <span aria-hidden="true">{count > 99 ? "99+" : number(count)}</span>
                        <span class="unseen">{t("nav.unread", { n: count })}</span>
                    </span>
                )}
            </span>
            <span class="rail-label">{label}</span>
        </button>
    );
}
