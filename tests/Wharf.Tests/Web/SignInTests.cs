using Microsoft.Playwright;
using Wharf.Tests.Clients;
using Wharf.Tests.Server;

namespace Wharf.Tests.Web;

/// <summary>Coming in, the first time and every time.</summary>
[Collection(nameof(WebSite))]
public sealed class SignInTests(WebSite site)
{
    [Fact]
    public async Task A_wrong_password_is_said_and_the_right_one_leads_to_where_one_wanted()
    {
        var user = await site.Registry.CreateUserAsync();
        var page = await site.OpenAsync("/organization", null);
        await page.GetByLabel("User name or e-mail address").FillAsync(user.Name);
        await page.GetByLabel("Password").FillAsync("this is not it");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("Invalid").Or(page.GetByText("not right")).Or(page.GetByText("password")).First.WaitForAsync();
        await page.Locator(".pf-v6-c-alert.pf-m-danger").WaitForAsync();

        await page.GetByLabel("Password").FillAsync(user.Password);
        await page.Keyboard.PressAsync("Enter");

        await page.ArrivesAtAsync("/organization");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = user.Name }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new PageGetByRoleOptions { Name = "Sign out" }).ClickAsync();
        await page.ArrivesAtAsync("/signin");
        await page.GotoAsync(new Uri(site.Registry.Url, "/organization").ToString());
        await page.ArrivesAtAsync("/signin?next=");
    }

    [Fact]
    public async Task Whose_session_ends_while_a_page_is_open_signs_in_again_and_is_back_where_he_was()
    {
        var user = await site.Registry.CreateUserAsync();
        var page = await site.OpenAsync("/organization", user);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = user.Name }).WaitForAsync();

        (await user.Client.SendAsync("DELETE", "/api/v1/user/sessions")).Is(204);

        await page.ArrivesAtAsync("/signin?next=");
        await page.GetByLabel("User name or e-mail address").FillAsync(user.Name);
        await page.GetByLabel("Password").FillAsync(user.Password);
        await page.Keyboard.PressAsync("Enter");
        await page.ArrivesAtAsync("/organization");
    }

    [Theory]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("https://evil.example/")]
    [InlineData("javascript:alert(1)")]
    public async Task A_link_cannot_lead_elsewhere_after_the_password(string next)
    {
        var user = await site.Registry.CreateUserAsync();
        var page = await site.OpenAsync("/signin?next=" + Uri.EscapeDataString(next), null);

        await page.GetByLabel("User name or e-mail address").FillAsync(user.Name);
        await page.GetByLabel("Password").FillAsync(user.Password);
        await page.Keyboard.PressAsync("Enter");

        await page.GetByText("Hello " + user.Name).WaitForAsync();
        Assert.Equal(site.Registry.Url.ToString(), page.Url);
    }

    [Fact, Trait("Speed", "Slow")]
    public async Task The_first_person_becomes_the_administrator_and_the_first_image_lights_up()
    {
        await using var registry = await Registry.StartAsync<EmptyRegistry>();
        await using var home = new ClientHome();
        var page = await site.OpenAsync(registry, "/repository");

        await page.GetByText("Welcome to your registry").WaitForAsync();
        Assert.EndsWith("/setup", page.Url, StringComparison.Ordinal);
        await WebSite.ShootAsync(page, "setup-light");
        await page.GetByLabel("User name").FillAsync("harbourmaster");
        await page.GetByLabel("Password").FillAsync("a long enough password");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("Waiting for the first image").WaitForAsync();
        Assert.Contains(registry.Host, await page.Locator("main pre").First.TextContentAsync(), StringComparison.Ordinal);

        var layout = new ImageLayout(home.At("layout"));
        layout.AddImage("v1", "the first layer");
        await home.RunAsync("skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", "harbourmaster:a long enough password", $"oci:{layout.Folder}:v1", $"docker://{registry.Host}/harbourmaster/hello:latest");

        await page.GetByText("harbourmaster/hello is here").WaitForAsync();
        await WebSite.ShootAsync(page, "welcome-arrived-light");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Look at it" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "latest", Exact = true }).WaitForAsync();
    }

    /// <summary>Nobody has an account yet.</summary>
    private sealed class EmptyRegistry : Registry
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["Accounts:InitialAdmin"] = "false", ["Auth:PasswordRounds"] = "1000" };
    }
}
