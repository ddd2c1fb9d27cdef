using Microsoft.Playwright;
using Wharf.Tests.Server;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Web;

/// <summary>Legal holds, and whose pulls do not count: what keeps content, and what does not.</summary>
[Collection(nameof(WebSite))]
public sealed class HoldStoriesTests(WebSite site)
{
    [Fact]
    public async Task A_tag_on_hold_is_not_deleted_for_good_until_somebody_else_lifts_the_hold()
    {
        var organization = await site.User.Client.CreateOrganizationAsync();
        var repository = $"{organization}/app";
        await site.User.Client.PushImageAsync(repository, "v1");
        var page = await site.OpenAsync($"/repository/{repository}?tab=tags", site.User);
        await page.ActAsync("Actions for v1", "Put on hold");
        await page.SaysAsync("You cannot lift it yourself");
        Assert.True(await page.Button("Put on hold").IsDisabledAsync());
        await page.Box("Reason").FillAsync("Smith v. Acme");
        await page.Box("Reference of the case").FillAsync("2026-17");
        await WebSite.ShootAsync(page, "hold-new-light");
        await page.Button("Put on hold").ClickAsync();
        await page.SaysAsync("It is on hold.");
        await page.GetByRole(AriaRole.Img, new PageGetByRoleOptions { Name = "On legal hold" }).WaitForAsync();
        await WebSite.ReviewAsync(page, "tag-on-hold");
        await page.GetByRole(AriaRole.Img, new PageGetByRoleOptions { Name = "On legal hold" }).FocusAsync();
        await page.GetByRole(AriaRole.Tooltip).WaitForAsync();
        var hold = Assert.Single((await site.User.Client.ReadAsync($"/api/v1/organization/{organization}/hold")).Is(200).Json.GetProperty("holds").EnumerateArray());
        Assert.Equal(("tag", "v1", "Smith v. Acme"), (hold.GetProperty("kind").GetString(), hold.GetProperty("tag").GetString(), hold.GetProperty("reason").GetString()));

        await page.ActAsync("Actions for v1", "Delete for good");
        await page.GetByLabel("Type v1 to go on").FillAsync("v1");
        await page.Button("Delete for good").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).Locator(".pf-m-danger").Filter(new LocatorFilterOptions { HasText = "hold" }).First.WaitForAsync();
        await page.Keyboard.PressAsync("Escape");
        await page.GotoAsync(new Uri(site.Registry.Url, $"/repository/{repository}?tab=settings").ToString());
        await page.Row($"{repository}:v1").GetByText("Another admin must lift it").WaitForAsync();
        await WebSite.ShootAsync(page, "holds-of-repository-light");

        page = await site.OpenAsSuperuserAsync("/superuser?tab=holds");
        await page.Row($"{repository}:v1").GetByText("2026-17").WaitForAsync();
        await WebSite.ShootAsync(page, "holds-of-registry-light");
        await page.Button($"Lift the hold on {repository}:v1").ClickAsync();
        await page.Button("Lift").ClickAsync();
        await page.SaysAsync($"The hold on {repository}:v1 was lifted.");
        await page.Row($"{repository}:v1").WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Detached });
        await page.GetByLabel("Lifted ones too").CheckAsync();
        await page.Row($"{repository}:v1").GetByText($"by {Registry.Admin}").WaitForAsync();

        Assert.Empty((await site.User.Client.ReadAsync($"/api/v1/organization/{organization}/hold")).Is(200).Json.GetProperty("holds").EnumerateArray());
        (await site.User.Client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/tag/v1/expire", $$"""{"manifest_digest":"{{await DigestAsync(repository)}}","is_alive":true}""")).Is(200);
    }

    [Fact]
    public async Task A_hold_of_the_registry_is_told_to_the_organization_without_its_reason()
    {
        var organization = await site.User.Client.CreateOrganizationAsync();
        var page = await site.OpenAsSuperuserAsync("/superuser?tab=holds");
        await page.Button("New hold").ClickAsync();
        await page.Box("Organization").FillAsync("no-such-organization");
        await page.Box("Reason").FillAsync("a secret inquiry");
        await page.Button("Put on hold").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).Locator(".pf-m-danger").First.WaitForAsync();
        await page.Box("Organization").FillAsync(organization);
        await page.Button("Put on hold").ClickAsync();
        await page.SaysAsync("It is on hold.");
        await page.Row(organization).GetByText("Another superuser must lift it").WaitForAsync();

        // A time of the audit trail is asked for by its days.
        await page.Button("New hold").ClickAsync();
        await page.GetByLabel("What is held").SelectOptionAsync("audit");
        await page.GetByLabel("From (UTC)").FillAsync("2026-01-01");
        await page.GetByLabel("Up to (UTC)").FillAsync("2026-04-01");
        await page.Box("Reason").FillAsync(organization);
        await page.Button("Put on hold").ClickAsync();
        await page.Row("the audit trail from").First.WaitForAsync();
        var holds = (await site.Registry.Client.ReadAsync("/api/v1/superuser/hold")).Is(200).Json.GetProperty("holds").EnumerateArray();
        Assert.Equal("2026-01-01T00:00:00Z", holds.Single(h => h.GetProperty("kind").GetString() == "audit" && h.GetProperty("reason").GetString() == organization).GetProperty("from").GetString());

        page = await site.OpenAsync($"/organization/{organization}?tab=settings", site.User);
        await page.SaysAsync("Superusers of the registry set it and lift it");
        Assert.Equal(0, await page.GetByText("a secret inquiry").CountAsync());
        Assert.Equal(0, await page.GetByText("Lift", new PageGetByTextOptions { Exact = true }).CountAsync());
    }

    [Fact]
    public async Task Pulls_of_a_scanner_do_not_count_until_they_are_to_count_again()
    {
        var organization = await site.User.Client.CreateOrganizationAsync();
        (await site.User.Client.SendJsonAsync("PUT", $"/api/v1/organization/{organization}/robots/scanner", "{}")).Is(201);
        var page = await site.OpenAsync($"/organization/{organization}?tab=settings", site.User);
        await page.SaysAsync("Every pull counts.");

        var card = page.Locator(".pf-v6-c-card").Filter(new LocatorFilterOptions { HasText = "Pulls that do not count" });
        await card.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Add" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Combobox, new LocatorGetByRoleOptions { Name = "Person or robot" }).FillAsync($"{organization}+sc");
        await page.GetByRole(AriaRole.Option, new PageGetByRoleOptions { Name = $"{organization}+scanner" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Add" }).ClickAsync();
        await page.SaysAsync($"Pulls of {organization}+scanner do not count any more.");
        Assert.Equal([$"{organization}+scanner"], await ExcludedAsync());
        await WebSite.ShootAsync(page, "exclusions-light");

        await page.Button($"Count the pulls of {organization}+scanner again").ClickAsync();
        await page.SaysAsync($"Pulls of {organization}+scanner count again.");
        Assert.Empty(await ExcludedAsync());
        await page.Button("Undo").Last.ClickAsync();
        await page.SaysAsync("Undone");
        Assert.Equal([$"{organization}+scanner"], await ExcludedAsync());

        async Task<string[]> ExcludedAsync() => [.. (await site.User.Client.ReadAsync($"/api/v1/organization/{organization}/pullstatistics/exclusions")).Is(200).Json.GetProperty("exclusions").EnumerateArray().Select(static e => e.GetProperty("name").GetString()!)];
    }

    private async Task<string> DigestAsync(string repository) =>
        (await site.User.Client.ReadAsync($"/api/v1/repository/{repository}/tag/?onlyActiveTags=true")).Is(200).Json.GetProperty("tags")[0].GetProperty("manifest_digest").GetString()!;
}
