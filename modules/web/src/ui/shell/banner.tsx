// The slim bar that tells of a lost connection, counts down to the next try, and is silent about short ones.
import { useEffect, useState } from "preact/hooks";
import { WifiOff } from "lucide";
import { connect_now } from "../../client";
import { t } from "../../i18n/language";
import { connection } from "../../store/state";
import { Icon } from "../parts/icon";

const patience_ms = 1_200;

export function Banner() {
    const now = connection.value;
    const down = now.state !== "live";
    const [shown, show] = useState(false);
    const [, tick] = useState(0);
    useEffect(() => {
        if (!down) return show(false);
        const timer = setTimeout(() => show(true), patience_ms);
        return () => clearTimeout(timer);
    }, [down]);
    useEffect(() => {
        if (now.state !== "waiting") return;
        const timer = setInterval(() => tick((count) => count + 1), 500);
        return () => clearInterval(timer);
    }, [now]);
    const left = now.state === "waiting" ? Math.max(0, Math.ceil((now.retry_at - Date.now()) / 1000)) : 0;
    const offline = now.state === "waiting" && now.offline;
    return (
        <div class="banner-place">
            <p class="unseen" role="status">
                {shown ? t(offline ? "banner.offline" : "banner.connecting") : ""}
            </p>
            {shown && (
                <div class="banner">
                    <Icon node={WifiOff} size={16} />
                    <span class="banner-text">
                        {offline
                            ? t("banner.offline")
                            : now.state === "waiting"
                              ? t("banner.waiting", { n: left })
                              : t("banner.connecting")}
                    </span>
                    {now.state === "waiting" && (
                        <button type="button" class="banner-now" onClick={connect_now}>
                            {t("banner.now")}
                        </button>
                    )}
                </div>
            )}
        </div>
    );
}
