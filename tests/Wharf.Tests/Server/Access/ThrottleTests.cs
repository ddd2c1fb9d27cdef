using System.Globalization;
using System.Net;

namespace Wharf.Tests.Server.Access;

/// <summary>Guessing passwords is slowed down per account and address, and nobody is locked out.</summary>
public sealed class ThrottleTests(ThrottleTests.StrictRegistry registry) : IClassFixture<ThrottleTests.StrictRegistry>
{
    [Fact]
    public async Task After_the_burst_further_tries_wait_and_the_right_password_gets_in_when_the_wait_is_over()
    {
        var user = await registry.CreateUserAsync();
        var wrong = registry.ClientFor(user.Name, "wrong password");
        for (var i = 0; i < StrictRegistry.Burst; i++)
        {
            (await wrong.ReadAsync("/v2/")).Is(401, "UNAUTHORIZED");
        }

        var refused = (await user.Client.ReadAsync("/v2/")).Is(429, "TOOMANYREQUESTS");
        var let = await Poll.UntilAsync(async () => (await user.Client.ReadAsync("/v2/")).Status == HttpStatusCode.OK);

        Assert.InRange(int.Parse(refused.Header("Retry-After")!, CultureInfo.InvariantCulture), 1, 10);
        Assert.True(let);
    }

    [Fact]
    public async Task Tokens_and_passwords_verified_before_go_on_while_guessing_is_held_up()
    {
        var user = await registry.CreateUserAsync();
        var token = await user.Client.TokenAsync();
        var wrong = registry.ClientFor(user.Name, "wrong password");
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < StrictRegistry.Burst + 2; i++)
        {
            statuses.Add((await wrong.ReadAsync("/v2/")).Status);
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, statuses[^1]);
        (await registry.Anonymous.WithTokenAsync(token, "GET", "/v2/")).Is(200);
        (await user.Client.ReadAsync("/v2/")).Is(200);
        (await user.Client.ReadAsync("/v2/auth?service=wharf")).Is(200);
    }

    [Fact]
    public async Task Guessing_at_one_account_does_not_hold_up_another()
    {
        var (one, two) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var wrong = registry.ClientFor(one.Name, "wrong password");
        for (var i = 0; i < StrictRegistry.Burst + 1; i++)
        {
            await wrong.ReadAsync("/v2/");
        }

        (await two.Client.ReadAsync("/v2/")).Is(200);
    }

    public sealed class StrictRegistry : Registry
    {
        public const int Burst = 3;

        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
        {
            ["Auth:PasswordRounds"] = "1000",
            ["Auth:LoginBurst"] = Burst.ToString(CultureInfo.InvariantCulture),
            ["Auth:LoginRefillSeconds"] = "2",
        };
    }
}
