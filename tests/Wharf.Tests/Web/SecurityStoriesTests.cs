using System.Globalization;
using Microsoft.Playwright;
using Wharf.Oci;
using Wharf.Tests.Server;
using Wharf.Tests.Server.Security;

namespace Wharf.Tests.Web;

/// <summary>What the scanner knows, as one asks for it in the browser.</summary>
[Collection(nameof(WebSite))]
public sealed class SecurityStoriesTests(WebSite site)
{
    [Fact]
    public async Task Where_a_vulnerability_is_leads_to_the_images_that_have_it()
    {
        var page = await site.OpenAsync("/security", site.User);
        await page.SaysAsync("Where is it?");
        var box = page.GetByLabel("A vulnerability (CVE");

        await box.FillAsync(WebSite.Vulnerability);
        await page.Keyboard.PressAsync("Enter");
        var place = page.Row("leaky");
        await place.First.WaitForAsync();
        Assert.Equal(1, await place.CountAsync());
        Assert.Contains("v1.1.0", await place.TextContentAsync(), StringComparison.Ordinal);
        Assert.Contains("latest", await place.TextContentAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("v1.0.0", await place.TextContentAsync(), StringComparison.Ordinal);
        Assert.Contains("2.0", await place.TextContentAsync(), StringComparison.Ordinal);

        await page.GetByLabel("In", new PageGetByLabelOptions { Exact = true }).SelectOptionAsync(site.Organization);
        await place.First.WaitForAsync();
        await page.GetByLabel("In", new PageGetByLabelOptions { Exact = true }).SelectOptionAsync(site.User.Name);
        await page.SaysAsync($"{WebSite.Vulnerability} is nowhere");
        await WebSite.ShootAsync(page, "where-nowhere-light");
        await page.GetByLabel("In", new PageGetByLabelOptions { Exact = true }).SelectOptionAsync("");

        await box.FillAsync("sound");
        await page.Keyboard.PressAsync("Enter");
        await page.Row("v1.0.0").First.WaitForAsync();
        // What was asked has an address, and its answer leads to the report.
        await page.GotoAsync(new Uri(site.Registry.Url, $"/security?q={WebSite.Vulnerability}").ToString());
        await place.GetByRole(AriaRole.Link, new LocatorGetByRoleOptions { Name = site.Repository }).ClickAsync();
        await page.GetByLabel("With a fix only").WaitForAsync();
        await page.Row(WebSite.Vulnerability).First.WaitForAsync();
        Assert.Contains($"/repository/{site.Repository}/manifest/", page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Feeds_tell_their_age_and_an_organization_what_is_found_in_it()
    {
        var page = await site.OpenAsync("/security?tab=feeds", site.User);
        var feeds = (await site.User.Client.ReadAsync("/api/v1/security/feeds")).Is(200).Json;
        var known = feeds.GetProperty("feeds").EnumerateArray().Single(static f => f.GetProperty("name").GetString() == "osv-PyPI");

        var row = page.Row("osv-PyPI");
        await row.WaitForAsync();
        Assert.Contains(known.GetProperty("stale").GetBoolean() ? "old" : "current", await row.TextContentAsync(), StringComparison.Ordinal);
        var published = DateTimeOffset.Parse((await row.Locator("time").First.GetAttributeAsync("datetime"))!, CultureInfo.InvariantCulture);
        Assert.Equal(DateTimeOffset.Parse(known.GetProperty("date").GetString()!, CultureInfo.InvariantCulture), published);
        await page.GetByText("scanned").First.WaitForAsync();

        await page.GotoAsync(new Uri(site.Registry.Url, "/security?tab=organizations").ToString());
        await page.GetByLabel("Whose repositories").SelectOptionAsync(site.Organization);
        await page.Row("app").First.WaitForAsync();
        await page.Row("app").GetByText("1 High").First.WaitForAsync();
        await WebSite.ShootAsync(page, "security-organization-light");
        await page.Row("app").GetByRole(AriaRole.Link, new LocatorGetByRoleOptions { Name = "app" }).First.ClickAsync();
        await page.SaysAsync("Known vulnerabilities of what the tags show");
    }

    [Fact]
    public async Task The_trend_of_a_repository_reaches_back_as_far_as_one_asks()
    {
        // What is noted once a day cannot be waited for.
        await using (var database = await site.Registry.OpenDatabaseAsync())
        {
            var today = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 86_400;
            foreach (var (ago, high) in new[] { (80, 9), (60, 7), (20, 4), (10, 3), (1, 2) })
            {
                await using var insert = database.CreateCommand();
                insert.CommandText = $$"""
                    INSERT INTO security_trend (namespace_id, repository_id, day, counts)
                    SELECT r.namespace_id, r.id, {{today - ago}}, '{"Manifests":2,"Scanned":2,"Critical":0,"High":{{high}},"Medium":1,"Low":0,"Negligible":0,"Unknown":0,"Fixable":1,"Exploited":0}'
                      FROM repository r JOIN namespace n ON n.id = r.namespace_id WHERE n.name = '{{site.Organization}}' AND r.name = 'app'
                    """;
                Assert.Equal(1, await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
            }
        }
        var page = await site.OpenAsync($"/repository/{site.Repository}?tab=security", site.User);
        var chart = page.GetByRole(AriaRole.Img, new PageGetByRoleOptions { Name = "Trend" });
        await chart.WaitForAsync();
        var first = await chart.Locator("text").AllTextContentsAsync();

        await page.Button("90 days").ClickAsync();
        await Poll.UntilAsync(async () => (await chart.Locator("text").AllTextContentsAsync()).Contains("10"));

        Assert.DoesNotContain("10", first);
        Assert.EndsWith("days=90", page.Url, StringComparison.Ordinal);
        await WebSite.ShootAsync(page, "trend-light");
    }

    [Fact]
    public async Task What_is_not_scanned_says_so_and_why()
    {
        var repository = $"{site.Organization}/r{Guid.NewGuid():N}";
        var chart = Image.Random(configType: "application/vnd.cncf.helm.config.v1+json");
        await site.User.Client.PushImageAsync(repository, "chart", chart);
        var poison = ImageOfFiles.Of(Requests.RandomBytes(5000));
        await poison.PushAsync(site.User.Client, repository, "broken");
        var clean = ImageOfFiles.Of(ImageOfFiles.Python("harmless", "1.0"));
        await clean.PushAsync(site.User.Client, repository, "clean");
        var bare = ImageOfFiles.Of(ImageOfFiles.Layer(("readme", "nothing in particular")));
        await bare.PushAsync(site.User.Client, repository, "bare");
        foreach (var digest in new[] { chart.Digest, clean.Digest, bare.Digest })
            await ScanningRegistry.ScannedAsync(site.User.Client, repository, digest);
        var failed = await ScanningRegistry.ScannedAsync(site.User.Client, repository, poison.Digest);

        var page = await site.OpenAsync($"/repository/{repository}?tab=tags", site.User);
        await page.SaysAsync("cannot be scanned");
        await page.SaysAsync("scan failed");
        await page.SaysAsync("none known");
        await page.GotoAsync(new Uri(site.Registry.Url, $"/repository/{repository}/tag/chart?tab=security").ToString());
        await page.SaysAsync("It cannot be scanned");
        await WebSite.ShootAsync(page, "report-unsupported-light");
        await page.GotoAsync(new Uri(site.Registry.Url, $"/repository/{repository}/tag/broken?tab=security").ToString());
        await page.SaysAsync("The scan failed");
        await page.SaysAsync((string)failed["reason"]!);
        await page.GotoAsync(new Uri(site.Registry.Url, $"/repository/{repository}/tag/bare?tab=security").ToString());
        await page.SaysAsync("No packages were found in it");
        // Good news says what it rests on.
        await page.GotoAsync(new Uri(site.Registry.Url, $"/repository/{repository}/tag/clean?tab=security").ToString());
        await page.SaysAsync("No vulnerability is known");
        await page.SaysAsync("1 package was looked at");
        await page.SaysAsync("osv-PyPI");
        await WebSite.ShootAsync(page, "report-clean-light");

        // One that waits shows its report by itself when it is there.
        await SetAsync(clean.Digest, "state = 'queued', attempts = 0, due_ms = 99999999999999");
        await page.ReloadAsync();
        await page.SaysAsync("It is being scanned");
        await WebSite.ShootAsync(page, "report-queued-light");
        await SetAsync(clean.Digest, "due_ms = 0");
        await page.SaysAsync("No vulnerability is known");
    }

    private async Task SetAsync(Digest manifest, string what)
    {
        await using var database = await site.Registry.OpenDatabaseAsync();
        await using var update = database.CreateCommand();
        var bytes = site.Registry.Database is null ? $"x'{Convert.ToHexString(manifest.Span)}'" : $"'\\x{Convert.ToHexString(manifest.Span)}'::bytea";
        update.CommandText = $"UPDATE scan SET {what} WHERE manifest = {bytes}";
        Assert.Equal(1, await update.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
    }
}
