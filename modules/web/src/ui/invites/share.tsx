// An invite to hand on: its link, to copy or to scan.
import { Copy } from "lucide";
import type { Invite } from "../../api/types";
import { t } from "../../i18n/language";
import { copy } from "../parts/clipboard";
import { Icon } from "../parts/icon";
import { lazy } from "../parts/lazy";

const Qr = lazy(() => import("../parts/qr"));

export function Share({ invite }: { invite: Invite }) {
    return (
        <div class="share">
            <div class="share-code">
                <Qr text={invite.url} />
            </div>
            <div class="share-link">
                <input
                    type="text"
                    readOnly
                    dir="ltr"
                    aria-label={t("invites.link")}
                    value={invite.url}
                    onFocus={(event) => event.currentTarget.select()}
                />
                <button type="button" class="plain" onClick={() => void copy(invite.url)}>
                    <Icon node={Copy} size={16} />
                    {t("common.copy")}
                </button>
            </div>
        </div>
    );
}
