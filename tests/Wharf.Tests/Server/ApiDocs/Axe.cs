using System.Text.Json;
using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace Wharf.Tests.Server.ApiDocs;

/// <summary>What axe-core finds on a page. It is run in the page itself and tells violations only: all that passed, told as well, took longer than the looking.</summary>
internal static class Axe
{
    private static readonly string s_script = new BundledAxeScriptProvider().GetScript();

    /// <param name="but">A selector of what is not looked at.</param>
    /// <returns>Each violation: how bad it is, which rule, and where first.</returns>
    public static async Task<IReadOnlyList<string>> ViolationsAsync(IPage page, string? but = null)
    {
        if (!await page.EvaluateAsync<bool>("'axe' in window"))
            await page.EvaluateAsync(s_script);
        // Style sheets are preloaded for one experimental rule that is off.
        var found = await page.EvaluateAsync<JsonElement>("""
            async (but) => (await axe.run(but ? { include: [['html']], exclude: [[but]] } : document, { resultTypes: ['violations'], preload: false, performanceTimer: false })).violations
              .map((v) => `${v.impact}: ${v.id}: ${v.help} ${v.nodes.slice(0, 3).map((n) => n.html).join(', ')}`)
            """, but);
        return [.. found.EnumerateArray().Select(static v => v.GetString()!)];
    }
}
