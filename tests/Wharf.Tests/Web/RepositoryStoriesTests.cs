using System.Diagnostics;
using Microsoft.Playwright;
using Wharf.Tests.Clients;
using Wharf.Tests.Server;

namespace Wharf.Tests.Web;

/// <summary>What one does with a repository in the browser, seen again through the API.</summary>
[Collection(nameof(WebSite))]
public sealed class RepositoryStoriesTests(WebSite site)
{
    [Fact]
    public async Task A_tag_is_deleted_and_undone_and_one_that_is_pushed_meanwhile_shows_up_by_itself()
    {
        await using var home = new ClientHome();
        var (user, repository) = (site.User, await NewRepositoryAsync("v1", "v2"));
        var page = await site.OpenAsync($"/repository/{repository}?tab=tags", user);
        await Tag(page, "v1").WaitForAsync();

        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Actions for v1" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new PageGetByRoleOptions { Name = "Delete", Exact = true }).ClickAsync();
        await page.GetByText("The tag v1 was deleted.").WaitForAsync();
        await Tag(page, "v1").WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Detached });
        Assert.Equal(["v2"], await TagsAsync(repository));
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Undo" }).ClickAsync();
        await Tag(page, "v1").WaitForAsync();
        Assert.Equal(["v1", "v2"], await TagsAsync(repository));

        // Behind the page's back, with a real client.
        var layout = new ImageLayout(home.At("layout"));
        layout.AddImage("v3", "a third layer");
        await home.RunAsync("skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", $"{user.Name}:{user.Password}", $"oci:{layout.Folder}:v3", $"docker://{site.Registry.Host}/{repository}:v3");
        await Tag(page, "v3").WaitForAsync();

        await page.GotoAsync(new Uri(site.Registry.Url, $"/repository/{repository}?tab=history").ToString());
        await page.GetByText("v1 was restored").First.WaitForAsync();
        await page.GetByText("v3 was pushed").First.WaitForAsync();
    }

    [Fact]
    public async Task A_tag_expires_gets_a_second_name_and_becomes_immutable()
    {
        var repository = await NewRepositoryAsync("v1");
        var page = await site.OpenAsync($"/repository/{repository}?tab=tags", site.User);

        await ActAsync(page, "v1", "Add another tag");
        await page.GetByLabel("New tag").FillAsync("stable");
        await page.Keyboard.PressAsync("Enter");
        await Tag(page, "stable").WaitForAsync();
        await ActAsync(page, "v1", "Change expiration");
        await page.GetByRole(AriaRole.Radio, new PageGetByRoleOptions { Name = "On" }).CheckAsync();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Set", Exact = true }).ClickAsync();
        await page.GetByText("The expiration was set.").WaitForAsync();
        await ActAsync(page, "stable", "Make immutable");
        await page.GetByText("1 tag is immutable now.").WaitForAsync();

        var tags = (await site.User.Client.ReadAsync($"/api/v1/repository/{repository}/tag/")).Is(200).Json.GetProperty("tags").EnumerateArray().ToDictionary(static t => t.GetProperty("name").GetString()!);
        Assert.True(tags["v1"].TryGetProperty("expiration", out _));
        Assert.True(tags["stable"].GetProperty("immutable").GetBoolean());
        Assert.Equal(tags["v1"].GetProperty("manifest_digest").GetString(), tags["stable"].GetProperty("manifest_digest").GetString());
    }

    [Fact]
    public async Task What_was_deleted_is_restored_from_the_timeline()
    {
        var repository = await NewRepositoryAsync("v1");
        (await site.User.Client.SendAsync("DELETE", $"/api/v1/repository/{repository}/tag/v1")).Is(204);
        var page = await site.OpenAsync($"/repository/{repository}?tab=history", site.User);

        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Restore v1 to this image" }).First.ClickAsync();

        await page.GetByText("The tag v1 points to").WaitForAsync();
        Assert.Equal(["v1"], await TagsAsync(repository));
    }

    [Fact]
    public async Task A_report_tells_what_is_vulnerable_where_it_is_fixed_and_which_layer_brought_it()
    {
        var page = await site.OpenAsync($"/repository/{site.Repository}/tag/latest?tab=security", site.User);
        await page.GetByText(WebSite.Vulnerability).First.WaitForAsync();

        await page.GetByLabel("With a fix only").CheckAsync();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Details" }).First.ClickAsync();
        await page.GetByText("PYSEC-90001").First.WaitForAsync();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "By layer" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Level = 2 }).First.WaitForAsync();
        await page.GetByLabel("Search for a vulnerability or package").FillAsync("nothing like it");
        await page.GetByText("No finding matches.").WaitForAsync();
        // What one sees has an address.
        Assert.Contains("q=nothing", page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Access_is_given_and_explained()
    {
        var (repository, other) = (await NewRepositoryAsync("v1"), await site.Registry.CreateUserAsync());
        var page = await site.OpenAsync($"/repository/{repository}?tab=permissions", site.User);

        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Give access" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Combobox, new LocatorGetByRoleOptions { Name = "Person, robot or team" }).FillAsync(other.Name);
        await page.GetByRole(AriaRole.Option, new PageGetByRoleOptions { Name = other.Name }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByLabel("Role").SelectOptionAsync("write");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Give", Exact = true }).ClickAsync();
        await page.GetByText($"{other.Name} has the role write now.").WaitForAsync();

        Assert.Equal("write", (await site.User.Client.ReadAsync($"/api/v1/repository/{repository}/permissions/user/{other.Name}")).Is(200).Json.GetProperty("role").GetString());
        await page.GetByRole(AriaRole.Combobox, new PageGetByRoleOptions { Name = "Who" }).FillAsync(other.Name);
        await page.GetByRole(AriaRole.Option, new PageGetByRoleOptions { Name = other.Name }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Explain" }).ClickAsync();
        await page.GetByText($"{other.Name} may push here").WaitForAsync();
    }

    [Fact]
    public async Task Markdown_of_others_does_nothing_but_look_good()
    {
        var page = await site.OpenAsync($"/repository/{site.Repository}", site.User);
        await page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "The app" }).WaitForAsync();

        Assert.DoesNotContain("owned", await page.TitleAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await page.Locator("main a[href^='javascript']").CountAsync());
        Assert.Equal("everywhere", await page.Locator(".wharf-markdown em").TextContentAsync());
    }

    [Fact]
    public async Task The_search_box_is_one_key_away_and_the_arrows_lead_to_what_it_found()
    {
        var page = await site.OpenAsync("/", site.User);
        await page.GetByText("Hello").First.WaitForAsync();

        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync(site.Repository);
        // What was found may still change while it is looked at: the arrow is pressed until it stands there.
        await Poll.UntilAsync(async () =>
        {
            await page.Keyboard.PressAsync("ArrowDown");
            return (await page.EvaluateAsync<string>("document.activeElement.textContent")).StartsWith($"repository {site.Repository}", StringComparison.OrdinalIgnoreCase);
        }, TimeSpan.FromSeconds(30));
        await page.Keyboard.PressAsync("Enter");

        await Poll.UntilAsync(() => Task.FromResult(page.Url.EndsWith($"/repository/{site.Repository}", StringComparison.Ordinal)), TimeSpan.FromSeconds(30));
    }

    [Fact, Trait("Speed", "Slow")]
    public async Task A_hundred_thousand_tags_scroll_without_a_row_too_many()
    {
        const int Tags = 100_000;
        var repository = await NewRepositoryAsync("first");
        await using (var database = await site.Registry.OpenDatabaseAsync())
        {
            await using var insert = database.CreateCommand();
            insert.CommandText = $"""
                WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {Tags})
                INSERT INTO tag (namespace_id, repository_id, name, digest, started_ms)
                SELECT t.namespace_id, t.repository_id, 'many-' || n, t.digest, t.started_ms - n FROM number CROSS JOIN tag t WHERE t.name = 'first'
                """;
            Assert.Equal(Tags, await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        }
        var page = await site.OpenAsync($"/repository/{repository}?tab=tags", site.User);
        await Tag(page, "first").WaitForAsync();

        var began = Stopwatch.StartNew();
        await page.GetByRole(AriaRole.Table, new PageGetByRoleOptions { Name = "Tags" }).HoverAsync();
        var rows = 0;
        while (rows < 3000 && began.Elapsed < TimeSpan.FromMinutes(1))
        {
            await page.Mouse.WheelAsync(0, 4000);
            rows = await page.EvaluateAsync<int>("Number(document.querySelector('[role=table]').getAttribute('aria-rowcount'))");
            Assert.InRange(await page.Locator("[role=table] [role=rowgroup] [role=row]").CountAsync(), 1, 80);
        }

        Assert.InRange(rows, 3000, Tags + 2);
        await page.GetByLabel("Filter by name").FillAsync("many-99999");
        await Tag(page, "many-99999").WaitForAsync();
        TestContext.Current.TestOutputHelper!.WriteLine($"{rows} rows came in {began.Elapsed.TotalSeconds:0.0} s of scrolling");
    }

    private async Task<string> NewRepositoryAsync(params string[] tags)
    {
        var repository = $"{site.Organization}/r{Guid.NewGuid():N}";
        foreach (var tag in tags)
            await site.User.Client.PushImageAsync(repository, tag);
        return repository;
    }

    private async Task<string[]> TagsAsync(string repository) =>
        [.. (await site.User.Client.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").EnumerateArray().Select(static t => t.GetString()!).Order(StringComparer.Ordinal)];

    private static ILocator Tag(IPage page, string name) => page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = name, Exact = true });

    private static async Task ActAsync(IPage page, string tag, string action)
    {
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Actions for " + tag }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new PageGetByRoleOptions { Name = action, Exact = true }).ClickAsync();
    }
}
