// Loads a place when it is first opened, with a quiet stand-in that appears only when it takes long.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../../i18n/language";
import { connection } from "../../store/state";

export function lazy<P extends object>(load: () => Promise<{ default: ComponentType<P> }>) {
    let ready: ComponentType<P> | null = null;
    return function Lazy(props: P) {
        const [, draw] = useState(0);
        const [failed, fail] = useState(false);
        const fetch = (again: boolean) => {
            fail(false);
            load().then(
                (module) => {
                    ready = module.default;
                    draw((count) => count + 1);
                },
                () => {
                    // The line is good and the file is gone: the server has another version by now.
                    if (again && connection.value.state === "live") location.reload();
                    else fail(true);
                },
            );
        };
        useEffect(() => void (ready || fetch(false)), []);
        if (ready) {
            const Ready = ready;
            return <Ready {...props} />;
        }
        if (!failed)
            return (
                <div class="late" aria-busy="true">
                    <span class="unseen">{t("common.loading")}</span>
                </div>
            );
        return (
            <div class="note" role="alert">
                <p>{t("error.network")}</p>
                <button type="button" class="plain" onClick={() => fetch(true)}>
                    {t("common.retry")}
                </button>
            </div>
        );
    };
}
