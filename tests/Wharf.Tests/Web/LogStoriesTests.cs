using Microsoft.Playwright;
using Wharf.Tests.Server;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Web;

/// <summary>Logs, wherever they are shown, are narrowed to some kinds of entries.</summary>
[Collection(nameof(WebSite))]
public sealed class LogStoriesTests(WebSite site)
{
    [Theory]
    [InlineData("repository", "/repository/{org}/app?tab=logs")]
    [InlineData("organization", "/organization/{org}?tab=logs")]
    [InlineData("own", "/account?tab=logs")]
    [InlineData("registry", "/superuser?tab=logs&performer={person}")]
    public async Task A_link_to_some_kinds_shows_them_alone(string place, string path)
    {
        var (person, organization, repository) = await RepositoryAsync(own: place == "own");
        var at = path.Replace("{org}", organization, StringComparison.Ordinal).Replace("{person}", person.Name, StringComparison.Ordinal) + "&kinds=push_repo,create_tag";
        var page = place == "registry" ? await site.OpenAsSuperuserAsync(at) : await site.OpenAsync(at, person);
        var described = page.GetByText($"Changed the description of {repository}");

        await page.SaysAsync($"Pushed v1 to {repository}");
        Assert.Equal(0, await described.CountAsync());

        await page.Button("Without Create tag").ClickAsync();
        await page.SaysAsync($"Pushed v1 to {repository}");
        Assert.Equal(0, await described.CountAsync());
        await page.Button("Without Push repo").ClickAsync();
        await described.WaitForAsync();
        Assert.DoesNotContain("kinds=", page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kinds_are_chosen_by_keyboard_and_stay_in_the_address()
    {
        var (person, organization, repository) = await RepositoryAsync(own: false);
        var page = await site.OpenAsync($"/organization/{organization}?tab=logs", person);
        var (pushed, made, described) = (page.GetByText($"Pushed v1 to {repository}"), page.GetByText($"Made the repository {repository}"), page.GetByText($"Changed the description of {repository}"));
        await described.WaitForAsync();
        var box = page.GetByRole(AriaRole.Combobox, new PageGetByRoleOptions { Name = "Kind of entry" });

        await box.FocusAsync();
        await page.Keyboard.PressAsync("ArrowDown");
        await page.GetByRole(AriaRole.Option, new PageGetByRoleOptions { Name = "Create robot" }).WaitForAsync();
        await WebSite.ShootAsync(page, "log-kinds-open");
        await WebSite.ReviewAsync(page, "log-kinds-open");
        await box.FillAsync("pushed");
        await Assertions.Expect(page.GetByRole(AriaRole.Option)).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync("Enter");
        await described.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Detached });
        await pushed.WaitForAsync();
        Assert.Equal("true", await page.GetByRole(AriaRole.Option, new PageGetByRoleOptions { Name = "Push repo" }).GetAttributeAsync("aria-selected"));
        await box.FillAsync("create repo");
        // From the first up is the last, and back.
        await page.Keyboard.PressAsync("ArrowUp");
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("Enter");
        await made.WaitForAsync();
        Assert.Equal(0, await described.CountAsync());
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.GetByRole(AriaRole.Option)).ToHaveCountAsync(0);
        await Assertions.Expect(box).ToBeFocusedAsync();
        Assert.Contains("kinds=push_repo%2Ccreate_repo", page.Url, StringComparison.Ordinal);

        await page.ReloadAsync();
        await made.WaitForAsync();
        Assert.Equal(0, await described.CountAsync());
        await WebSite.ReviewAsync(page, "log-kinds");
        await page.Button("Without Push repo").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await pushed.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Detached });
        await made.WaitForAsync();
        await Assertions.Expect(box).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("nothing like it");
        await page.SaysAsync("No kind of entry is called");
        await page.Button("Clear Kinds").ClickAsync();
        await described.WaitForAsync();
    }

    // A repository in which something was pushed and something else done.
    private async Task<(Account Person, string Organization, string Repository)> RepositoryAsync(bool own)
    {
        var person = await site.Registry.CreateUserAsync();
        var organization = await person.Client.CreateOrganizationAsync();
        var repository = $"{(own ? person.Name : organization)}/app";
        await person.Client.PushImageAsync(repository, "v1");
        (await person.Client.SendJsonAsync("PUT", $"/api/v1/repository/{repository}", """{"description":"The app"}""")).Is(200);
        return (person, organization, repository);
    }
}
