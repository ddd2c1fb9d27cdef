using Microsoft.Playwright;

namespace Wharf.Tests.Web;

/// <summary>Every page for everyone: light, dark, on a phone.</summary>
[Collection(nameof(PagesTests))]
public sealed class PagesTests(WebSite site)
{
    [Theory, Trait("Speed", "Slow")]
    [InlineData("signin", "/signin", "Sign in to Wharf", "nobody")]
    [InlineData("public", "/repository", "Repositories", "nobody")]
    [InlineData("home", "/", "Hello", "user")]
    [InlineData("welcome", "/welcome", "Push your first image", "user")]
    [InlineData("repositories", "/repository", "Repositories", "user")]
    [InlineData("repository", "/repository/{repo}", "Description", "user")]
    [InlineData("tags", "/repository/{repo}?tab=tags", "v1.0.0", "user")]
    [InlineData("history", "/repository/{repo}?tab=history", "was pushed", "user")]
    [InlineData("repository-security", "/repository/{repo}?tab=security", "Known vulnerabilities", "user")]
    [InlineData("repository-logs", "/repository/{repo}?tab=logs", "What happened", "user")]
    [InlineData("permissions", "/repository/{repo}?tab=permissions", "Why can somebody", "user")]
    [InlineData("repository-settings", "/repository/{repo}?tab=settings", "Automatic pruning", "user")]
    [InlineData("image", "/repository/{repo}/tag/latest", "Digest", "user")]
    [InlineData("layers", "/repository/{repo}/tag/latest?tab=layers", "layers", "user")]
    [InlineData("report", "/repository/{repo}/tag/latest?tab=security", "CVE-2026-90001", "user")]
    [InlineData("packages", "/repository/{repo}/tag/latest?tab=packages", "leaky", "user")]
    [InlineData("referrers", "/repository/{repo}/tag/latest?tab=referrers", "Nothing refers", "user")]
    [InlineData("config", "/repository/{repo}/tag/latest?tab=config", "System", "user")]
    [InlineData("compare", "/repository/{repo}/compare?from=v1.0.0&to=latest", "Packages", "user")]
    [InlineData("organizations", "/organization", "Organizations", "user")]
    [InlineData("organization", "/organization/{org}", "app", "user")]
    [InlineData("teams", "/organization/{org}?tab=teams", "builders", "user")]
    [InlineData("robots", "/organization/{org}?tab=robots", "deployer", "user")]
    [InlineData("defaults", "/organization/{org}?tab=defaults", "Default permissions", "user")]
    [InlineData("applications", "/organization/{org}?tab=applications", "OAuth applications", "user")]
    [InlineData("organization-logs", "/organization/{org}?tab=logs", "What happened", "user")]
    [InlineData("usage", "/organization/{org}?tab=usage", "Usage", "user")]
    [InlineData("organization-settings", "/organization/{org}?tab=settings", "Automatic pruning", "user")]
    [InlineData("team", "/organization/{org}/teams/builders", "builders", "user")]
    [InlineData("account", "/account", "Profile", "user")]
    [InlineData("app-tokens", "/account?tab=tokens", "token", "user")]
    [InlineData("encrypted-password", "/account?tab=encrypted", "Show my encrypted password", "user")]
    [InlineData("authorizations", "/account?tab=authorizations", "Programs that may act", "user")]
    [InlineData("account-end", "/account?tab=end", "Delete this account", "user")]
    [InlineData("sessions", "/account?tab=sessions", "Sessions", "user")]
    [InlineData("where", "/security?q=CVE-2026-90001", "leaky", "user")]
    [InlineData("feeds", "/security?tab=feeds", "osv-PyPI", "user")]
    [InlineData("security-organizations", "/security?tab=organizations&org={org}", "High", "user")]
    [InlineData("search", "/search?q={org}", "organization", "user")]
    [InlineData("users", "/superuser", "Users", "superuser")]
    [InlineData("registry-organizations", "/superuser?tab=organizations", "{org}", "superuser")]
    [InlineData("registry-usage", "/superuser?tab=usage", "Usage", "superuser")]
    [InlineData("registry-storage", "/superuser?tab=storage", "answers", "superuser")]
    [InlineData("registry-holds", "/superuser?tab=holds", "New hold", "superuser")]
    [InlineData("access-review", "/superuser?tab=review", "Access review", "superuser")]
    [InlineData("registry-logs", "/superuser?tab=logs", "What happened", "superuser")]
    [InlineData("service-keys", "/superuser?tab=keys", "Service keys", "superuser")]
    [InlineData("messages", "/superuser?tab=messages", "Messages", "superuser")]
    [InlineData("configuration", "/superuser?tab=configuration", "Configuration", "superuser")]
    [InlineData("health", "/superuser?tab=health", "Health", "superuser")]
    public async Task Nothing_serious_stands_between_anybody_and_a_page(string name, string path, string shows, string who)
    {
        var (at, text) = (Of(path), Of(shows));
        var page = await site.VisitAsync(at, who);
        await page.GetByText(text).First.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached });
        await page.Locator(".wharf-loading").First.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Detached });

        await WebSite.ReviewAsync(page, name);
    }

    private string Of(string text) => text.Replace("{repo}", site.Repository, StringComparison.Ordinal).Replace("{org}", site.Organization, StringComparison.Ordinal);

    [Fact]
    public async Task First_loads_are_small_and_come_soon_and_do_not_jump()
    {
        foreach (var (path, shows, account) in new[] { ("/signin", "Sign in to Wharf", null), ("/repository", site.Repository, site.User) })
        {
            var page = await site.OpenAsync("/robots.txt", account);
            var (scripts, sheets) = (0L, 0L);
            page.Response += (_, response) =>
            {
                var length = response.Headers.TryGetValue("content-length", out var given) ? long.Parse(given, System.Globalization.CultureInfo.InvariantCulture) : 0;
                if (response.Url.EndsWith(".js", StringComparison.Ordinal)) Interlocked.Add(ref scripts, length);
                if (response.Url.EndsWith(".css", StringComparison.Ordinal)) Interlocked.Add(ref sheets, length);
            };
            await page.AddInitScriptAsync("""
                window.seen = { lcp: 0, cls: 0 };
                new PerformanceObserver((list) => { for (const e of list.getEntries()) seen.lcp = e.startTime; }).observe({ type: 'largest-contentful-paint', buffered: true });
                new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) seen.cls += e.value; }).observe({ type: 'layout-shift', buffered: true });
                """);
            await page.GotoAsync(new Uri(site.Registry.Url, path).ToString());
            await page.GetByText(shows).First.WaitForAsync();
            await page.WaitForLoadStateAsync(LoadState.Load);

            var lcp = await page.EvaluateAsync<double>("seen.lcp");
            var cls = await page.EvaluateAsync<double>("seen.cls");
            TestContext.Current.TestOutputHelper!.WriteLine($"{path}: {scripts / 1000} kB of scripts, {sheets / 1000} kB of styles, largest paint after {lcp:0} ms, shift {cls:0.000}");
            Assert.InRange(scripts, 1, 250_000);
            Assert.InRange(sheets, 1, 100_000);
            Assert.InRange(cls, 0, 0.05);
        }
    }
}
