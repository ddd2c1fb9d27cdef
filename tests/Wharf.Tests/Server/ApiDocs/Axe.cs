using System.Text.Json;
using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace Wharf.Tests.Server.ApiDocs;

/// <summary>What axe-core finds on a page. It is run in the page itself and tells violations only: all that passed, told as well, took longer than the looking.</summary>
internal static class Axe
{
    private static readonly string s_script = new BundledAxeScriptProvider().GetScript();

    /// <returns>Each violation: how bad it is, which rule, and where first.</returns>
    public static async Task<IReadOnlyList<string>> ViolationsAsync(IPage page)
    {
        if (!await page.EvaluateAsync<bool>("'axe' in window"))
            await page.EvaluateAsync(s_script);
        // Style sheets are preloaded for one experimental rule that is off.
        var found = await page.EvaluateAsync<JsonElement>("""
            async () => (await axe.run({ resultTypes: ['violations'], preload: false, performanceTimer: false })).violations
              .map((v) => `${v.impact}: ${v.id}: ${v.help} ${v.nodes.slice(0, 3).map((n) => n.html).join(', ')}`)
            """);
        return [.. found.EnumerateArray().Select(static v => v.GetString()!)];
    }
}
