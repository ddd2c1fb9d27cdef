using System.Security.Cryptography;

namespace Wharf.Tests.Server;

/// <summary>A registry with one user, in whose namespace tests make repositories. Passwords cost little, so that tests measure something else.</summary>
public class UserRegistry : Registry
{
    private Account? _user;

    public Account User => _user ?? throw new InvalidOperationException("The registry has not been started.");

    /// <summary>Signed in as the user with Basic.</summary>
    public HttpClient UserClient => User.Client;

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["Auth:PasswordRounds"] = "1000" };

    /// <summary>A name in the user's namespace that no other test has.</summary>
    public string NewRepository() => $"{User.Name}/repo{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5))}";

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _user = await CreateUserAsync();
    }
}
