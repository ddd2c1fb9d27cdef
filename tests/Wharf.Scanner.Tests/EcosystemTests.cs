using Wharf.Scanner.Feeds;

namespace Wharf.Scanner.Tests;

public sealed class EcosystemTests
{
    [Theory]
    [InlineData(Ecosystem.PyPI, "Django_Rest--Framework.x", "django-rest-framework-x")]
    [InlineData(Ecosystem.NuGet, "Newtonsoft.Json", "newtonsoft.json")]
    [InlineData(Ecosystem.Go, "github.com/Azure/go-autorest", "github.com/azure/go-autorest")]
    [InlineData(Ecosystem.Maven, "org.Example:Thing", "org.Example:Thing")]
    [InlineData("debian:12", "OpenSSL", "OpenSSL")]
    public void Names_are_folded_as_the_ecosystem_compares_them(string ecosystem, string name, string folded) =>
        Assert.Equal(folded, Ecosystem.Fold(ecosystem, name));
}
